#include "km/registry/entry.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace kontain::registry {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaximumProgram = 2048;  // an escaped byte takes six characters
constexpr char kWhat[] = "registry entry";

const Json* find(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// A whole number of at least `least` and at most `most`.
std::optional<int64_t> number_of(const Json& object, const char* key, int64_t least, int64_t most) {
  const Json* value = find(object, key);
  if (!value || !value->is_number_integer()) return std::nullopt;
  if (value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(most)) return std::nullopt;
  const auto number = value->get<int64_t>();
  if (number < least || number > most) return std::nullopt;
  return number;
}

std::optional<std::string> text_of(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (!value || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

}  // namespace

std::string encode(const Entry& entry) {
  const Json object = {{"pid", entry.pid},
                       {"program", entry.program.substr(0, kMaximumProgram)},
                       {"started", entry.started},
                       {"version", entry.version}};
  return object.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<Entry> decode(std::string_view text) {
  if (text.size() > kMaximumText) return fail(kWhat, "", "too long");
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return fail(kWhat, "", "not a JSON object");
  const auto pid = number_of(object, "pid", 1, std::numeric_limits<pid_t>::max());
  if (!pid) return fail(kWhat, "pid", "not a process id");
  const auto program = text_of(object, "program");
  if (!program) return fail(kWhat, "program", "a string is expected");
  const auto started = number_of(object, "started", 0, std::numeric_limits<int64_t>::max());
  if (!started) return fail(kWhat, "started", "milliseconds are expected");
  const auto version = text_of(object, "version");
  if (!version) return fail(kWhat, "version", "a string is expected");
  return Entry{static_cast<pid_t>(*pid), *program, *started, *version};
}

}  // namespace kontain::registry

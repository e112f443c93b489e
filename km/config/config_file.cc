#include "km/config/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/unique_fd.h"

namespace kontain::config {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaximumSize = 1 << 20;
constexpr char kLocked[] = "locked";

// "on"/"off" for booleans; nothing for a type that the option does not take.
std::optional<std::string> text_of(const Json& value, JsonType type) {
  const bool bool_taken = type == JsonType::Bool || type == JsonType::StringOrBool;
  const bool string_taken = type != JsonType::None && type != JsonType::Bool;
  if (value.is_boolean() && bool_taken) return value.get<bool>() ? "on" : "off";
  if (value.is_number_unsigned() && type == JsonType::StringOrNumber) return value.dump();
  if (value.is_string() && string_taken) return value.get<std::string>();
  return std::nullopt;
}

const char* type_name(JsonType type) {
  switch (type) {
    case JsonType::Bool: return "true or false is expected";
    case JsonType::StringOrBool: return "a string, true or false is expected";
    case JsonType::StringOrNumber: return "a string or a number without sign and point is expected";
    default: return "a string is expected";
  }
}

Result<void> read_locked(const Json& list, const std::string& path, Author author, ConfigFile& file) {
  if (author != Author::Administrator) return fail(path, kLocked, "only /etc/kontain/km.json may lock keys");
  if (!list.is_array()) return fail(path, kLocked, "a list of keys is expected");
  for (const Json& entry : list) {
    if (!entry.is_string()) return fail(path, kLocked, "a list of keys is expected");
    const std::string key = entry.get<std::string>();
    if (!find_option(key)) return fail(path, kLocked, "unknown key \"" + key + "\"");
    file.locked.insert(key);
  }
  return {};
}

Result<void> read_setting(const std::string& key, const Json& value, const std::string& path, ConfigFile& file) {
  const OptionRow* row = find_option(key);
  if (!row) return fail(path, key, "unknown key");
  if (!(row->sources & kConfigFile)) return fail(path, key, "only the command line may set this");
  const auto text = text_of(value, row->json);
  if (!text) return fail(path, key, type_name(row->json));
  file.settings.push_back({row, *text});
  return {};
}

}  // namespace

Result<ConfigFile> parse_config(const std::string& text, const std::string& path, Author author) {
  std::set<std::string> seen;
  std::string repeated;
  const auto watch_keys = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1 && !seen.insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  Json document;
  try {
    document = Json::parse(text, watch_keys);
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": the bracket is the library's own.
    const std::string message = error.what();
    const size_t start = message.find("] ");
    return fail(path, "not valid JSON", start == std::string::npos ? message : message.substr(start + 2));
  }
  if (!repeated.empty()) return fail(path, repeated, "the key stands here twice");
  if (!document.is_object()) return fail(path, "", "a JSON object is expected");
  ConfigFile file;
  for (const auto& [key, value] : document.items()) {
    if (key == kLocked) {
      TRY(read_locked(value, path, author, file));
    } else {
      TRY(read_setting(key, value, path, file));
    }
  }
  return file;
}

Result<std::optional<ConfigFile>> read_config(const std::string& path, Author author) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    if (errno == ENOENT) return std::nullopt;
    return fail_errno(path, "cannot read the configuration", errno);
  }
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = read(fd.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > kMaximumSize) return fail(path, "", "larger than 1 MiB");
  }
  if (count < 0) return fail_errno(path, "cannot read the configuration", errno);
  TRY_ASSIGN(ConfigFile file, parse_config(text, path, author));
  return file;
}

}  // namespace kontain::config

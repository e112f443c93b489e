#include "imagebuild/dockerfile/flags.h"

#include <algorithm>
#include <array>

namespace kontain::image::dockerfile {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";

enum class Takes { Value, Switch, Values };  // Values: may be given again

struct FlagRow {
  std::string_view instruction;
  std::string_view flag;
  Takes takes;
  std::string_view refused;  // why it cannot be used, empty when it can
};

constexpr std::array kFlags = {
    FlagRow{"from", "platform", Takes::Value, ""},
    FlagRow{"copy", "from", Takes::Value, ""},
    FlagRow{"copy", "chown", Takes::Value, ""},
    FlagRow{"copy", "chmod", Takes::Value, ""},
    FlagRow{"copy", "link", Takes::Switch, ""},
    FlagRow{"copy", "parents", Takes::Switch, ""},
    FlagRow{"copy", "exclude", Takes::Values, ""},
    FlagRow{"add", "chown", Takes::Value, ""},
    FlagRow{"add", "chmod", Takes::Value, ""},
    FlagRow{"add", "link", Takes::Switch, ""},
    FlagRow{"add", "exclude", Takes::Values, ""},
    FlagRow{"add", "unpack", Takes::Switch, ""},
    FlagRow{"add", "checksum", Takes::Value, "remote sources of ADD are not supported yet"},
    FlagRow{"add", "keep-git-dir", Takes::Switch, "remote sources of ADD are not supported yet"},
    FlagRow{"run", "network", Takes::Value, ""},
    FlagRow{"run", "mount", Takes::Values, "mounts of RUN are not supported yet"},
    FlagRow{"run", "security", Takes::Value, "RUN always executes inside a virtual machine"},
    FlagRow{"run", "device", Takes::Values, "devices are not supported"},
    FlagRow{"healthcheck", "interval", Takes::Value, ""},
    FlagRow{"healthcheck", "timeout", Takes::Value, ""},
    FlagRow{"healthcheck", "start-period", Takes::Value, ""},
    FlagRow{"healthcheck", "start-interval", Takes::Value, ""},
    FlagRow{"healthcheck", "retries", Takes::Value, ""},
};

const FlagRow* row_of(std::string_view instruction, std::string_view flag) {
  const auto row = std::find_if(kFlags.begin(), kFlags.end(),
                                [&](const FlagRow& r) { return r.instruction == instruction && r.flag == flag; });
  return row == kFlags.end() ? nullptr : &*row;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

// Reads one word of options: quotes and escapes are removed, blanks inside quotes belong to it.
std::string option_word(std::string_view text, size_t& at, char escape) {
  std::string word;
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == 0 && kBlanks.find(c) != std::string_view::npos) break;
    if (c == escape && at + 1 < text.size()) {
      word += text[++at];
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else {
      word += c;
    }
  }
  return word;
}

// `mount type cache` reads better than `type=cache,target=/x`.
std::string refused_what(const SplitLine& line, const Flag& flag) {
  std::string shown = "--" + flag.name;
  if (line.name == "run" && flag.name == "mount") {
    const size_t type = flag.value.find("type=");
    if (type != std::string::npos) shown += "=" + flag.value.substr(type, flag.value.find(',', type) - type);
  }
  return shown;
}

Parsed<bool> check_flag(const SplitLine& line, const Flag& flag) {
  const FlagRow* row = row_of(line.name, flag.name);
  if (row == nullptr) return problem(flag.place, "unknown option --" + flag.name);
  if (!row->refused.empty()) {
    return problem(flag.place, refused_what(line, flag) + ": " + std::string(row->refused));
  }
  if (row->takes != Takes::Switch && flag.value.empty())
    return problem(flag.place, "--" + flag.name + " needs a value");
  const auto same =
      std::count_if(line.flags.begin(), line.flags.end(), [&](const Flag& f) { return f.name == flag.name; });
  if (same > 1 && row->takes != Takes::Values) return problem(flag.place, "--" + flag.name + " is given twice");
  return true;
}

}  // namespace

SplitLine split_line(const LogicalLine& line, char escape) {
  const std::string_view text = line.text;
  SplitLine out;
  size_t at = std::min(text.find_first_of(kBlanks), text.size());
  out.name = lower(text.substr(0, at));
  for (;;) {
    at = std::min(text.find_first_not_of(kBlanks, at), text.size());
    if (text.substr(at, 2) != "--") break;
    const Place place = line.place_of(at);
    const std::string word = option_word(text, at, escape);
    if (word == "--") break;
    const size_t equals = word.find('=');
    const std::string name = lower(word.substr(2, equals == std::string::npos ? equals : equals - 2));
    const FlagRow* row = row_of(out.name, name);
    const bool bare = equals == std::string::npos;
    const std::string value = !bare ? word.substr(equals + 1) : row && row->takes == Takes::Switch ? "true" : "";
    out.flags.push_back({name, value, place});
  }
  out.rest_offset = at;
  out.rest = text.substr(at);
  out.rest = out.rest.substr(0, out.rest.find_last_not_of(kBlanks) + 1);
  return out;
}

Parsed<bool> check_flags(const SplitLine& line) {
  for (const Flag& flag : line.flags) TRY(check_flag(line, flag));
  return true;
}

std::string flag_value(const SplitLine& line, std::string_view name) {
  for (const Flag& flag : line.flags) {
    if (flag.name == name) return flag.value;
  }
  return {};
}

Parsed<bool> flag_switch(const SplitLine& line, std::string_view name, bool otherwise) {
  for (const Flag& flag : line.flags) {
    if (flag.name != name) continue;
    const std::string value = lower(flag.value);
    if (value == "true" || value == "1" || value == "t") return true;
    if (value == "false" || value == "0" || value == "f") return false;
    return problem(flag.place, "--" + flag.name + ": '" + flag.value + "' is neither true nor false");
  }
  return otherwise;
}

}  // namespace kontain::image::dockerfile

#include "km/config/options.h"

#include "km/config/config_file.h"
#include "km/config/option_table.h"

namespace kontain::config {
namespace {

constexpr std::string_view kAnnotationPrefix = "app.kontain.";

struct CommandLine {
  std::vector<Setting> settings;
  int program = 0;  // index in argv, or argc
};

Result<Setting> parse_option(int argc, char** argv, int& index) {
  const std::string word = argv[index];
  const size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const OptionRow* row = name.rfind("--", 0) == 0 ? find_option(name.substr(2)) : nullptr;
  if (!row) return fail(name, "", "unknown option (km --help lists them)");
  if (equals != std::string::npos) {
    if (row->value == Value::None) return fail(name, word.substr(equals + 1), "this option takes no value");
    return Setting{row, word.substr(equals + 1)};
  }
  if (row->value != Value::Required) return Setting{row, ""};
  if (index + 1 >= argc) return fail(name, "", "a value is missing: " + std::string(row->value_name));
  return Setting{row, argv[++index]};
}

Result<CommandLine> split_command_line(int argc, char** argv) {
  CommandLine line;
  int index = 1;
  for (; index < argc && argv[index][0] == '-'; ++index) {
    if (std::string_view(argv[index]) == "--") {
      ++index;
      break;
    }
    TRY_ASSIGN(Setting setting, parse_option(argc, argv, index));
    line.settings.push_back(std::move(setting));
  }
  line.program = index;
  return line;
}

Result<void> apply(Options& options, const Setting& setting, const std::string& source,
                   const std::set<std::string>& locked) {
  const std::string name(setting.row->name);
  if (locked.count(name) != 0) return fail(source, name, "locked by the administrator");
  if (setting.row->apply(options, setting.value)) return {};
  const std::string expected(setting.row->value_name);
  const bool is_choice = expected.find('|') != std::string::npos;
  return fail(source, "\"" + setting.value + "\"", is_choice ? "not one of " + expected : expected + " is expected");
}

Result<std::vector<Setting>> settings_of(const Annotations& annotations) {
  std::vector<Setting> settings;
  for (const auto& [key, value] : annotations) {
    if (key.rfind(kAnnotationPrefix, 0) != 0) continue;
    const OptionRow* row = find_option(key.substr(kAnnotationPrefix.size()));
    if (!row || !(row->sources & kAnnotation)) return fail(key, "", "no annotation may set this");
    settings.push_back({row, value});
  }
  return settings;
}

Result<void> apply_user_config(Options& options, const CommandLine& line, const std::set<std::string>& locked) {
  for (const Setting& setting : line.settings) {
    if (setting.row->name != "config") continue;
    TRY_ASSIGN(const auto file, read_config(setting.value, Author::User));
    if (!file) return fail(setting.value, "cannot read the configuration", "No such file or directory");
    for (const Setting& from_file : file->settings) TRY(apply(options, from_file, setting.value, locked));
  }
  return {};
}

// "  --trace[=FILTER]": how an option is written.
std::string spelling(const OptionRow& row) {
  std::string text = "--" + std::string(row.name);
  if (row.value == Value::Optional) text += "[=" + std::string(row.value_name) + "]";
  if (row.value == Value::Required) text += " " + std::string(row.value_name);
  return text;
}

const char* sources_text(const OptionRow& row) {
  if (row.sources & kAnnotation) return "command line, JSON file, annotation";
  return (row.sources & kConfigFile) ? "command line, JSON file" : "command line";
}

const char* json_text(JsonType type) {
  switch (type) {
    case JsonType::String: return "string";
    case JsonType::Bool: return "true or false";
    case JsonType::StringOrBool: return "string, true or false";
    case JsonType::StringOrNumber: return "string or number";
    default: return "";
  }
}

}  // namespace

Result<Options> parse_command_line(int argc, char** argv, const Sources& sources) {
  TRY_ASSIGN(const CommandLine line, split_command_line(argc, argv));
  TRY_ASSIGN(const auto administrator, read_config(sources.administrator_file, Author::Administrator));
  Options options;
  std::set<std::string> locked;
  if (administrator) {
    for (const Setting& setting : administrator->settings) {
      TRY(apply(options, setting, sources.administrator_file, {}));
    }
    locked = administrator->locked;
  }
  TRY(apply_user_config(options, line, locked));
  TRY_ASSIGN(const std::vector<Setting> annotated, settings_of(sources.annotations));
  for (const Setting& setting : annotated) {
    TRY(apply(options, setting, std::string(kAnnotationPrefix) + std::string(setting.row->name), locked));
  }
  for (const Setting& setting : line.settings) {
    TRY(apply(options, setting, "--" + std::string(setting.row->name), locked));
  }
  if (options.action != Options::Action::Run) return options;
  if (line.program >= argc) return fail("no program", "", "km [OPTION...] PROGRAM [ARGUMENT...] is expected");
  options.program = argv[line.program];
  options.arguments.assign(argv + line.program + 1, argv + argc);
  return options;
}

std::string help_text() {
  std::string text =
      "Usage: km [OPTION...] [--] PROGRAM [ARGUMENT...]\n\n"
      "Runs PROGRAM as the only tenant of its own virtual machine. Everything behind PROGRAM is PROGRAM's own.\n\n"
      "Options:\n";
  for (const OptionRow& row : option_table()) {
    std::string line = "  " + spelling(row);
    line.resize(line.size() < 36 ? 36 : line.size() + 1, ' ');
    text += line + std::string(row.help) + "\n";
  }
  return text +
         "\nExit status: PROGRAM's own; its signal if one killed it; 127 no such file, 126 no runnable program,\n"
         "125 km itself failed. Options can also stand in /etc/kontain/km.json. See km(1).\n";
}

std::string options_as_markdown() {
  std::string text =
      "# Configuration of km\n\n"
      "<!-- Generated by `km`'s option table; a test compares the two. -->\n\n"
      "An option is a command-line option, a key of a JSON file (`/etc/kontain/km.json`, then `--config FILE`) and, "
      "where "
      "the table says so, an annotation `app.kontain.KEY` of an image or container. A later source wins: built-in "
      "value, "
      "administrator's file, `--config`, annotation, command line. Keys that the administrator's file lists under "
      "`\"locked\"` can be set nowhere else. No environment variable configures `km`.\n\n"
      "| option | JSON type | may be set by | meaning |\n|---|---|---|---|\n";
  for (const OptionRow& row : option_table()) {
    std::string name = spelling(row);
    for (size_t at = 0; (at = name.find('|', at)) != std::string::npos; at += 2) name.insert(at, "\\");
    text += "| `" + name + "` | " + json_text(row.json) + " | " + sources_text(row) + " | " + std::string(row.help) +
            " |\n";
  }
  return text;
}

}  // namespace kontain::config

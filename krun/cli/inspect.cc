#include <algorithm>
#include <charconv>

#include "base/subprocess.h"
#include "base/text.h"
#include "krun/cli/verbs.h"
#include "krun/container/verbs.h"
#include "krun/spec/reader.h"

namespace kontain::krun::cli {
namespace {

std::string table_row(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    row += cells[i];
    if (i + 1 < cells.size()) row += std::string(widths[i] - cells[i].size() + 4, ' ');
  }
  return row + "\n";
}

using Json = nlohmann::ordered_json;

// A member of an entry as a cell: nothing of it is trusted to be text.
std::string cell(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || found->is_null()) return "";
  return escape_control(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string list_as_table(const Json& entries) {
  std::vector<std::vector<std::string>> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const Json& entry : entries) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const char* key : {"id", "pid", "status", "bundle", "created", "owner"}) row.push_back(cell(entry, key));
  }
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) text += table_row(row, widths);
  return text;
}

// What the runtime beside us has; it prints "null" when there is nothing.
Result<Json> list_of(const OtherRuntime& other) {
  std::vector<std::string> command = {other.path};
  if (!other.root.empty()) command.insert(command.end(), {"--root", other.root});
  command.insert(command.end(), {"list", "--format", "json"});
  TRY_ASSIGN(const SubprocessResult result, run_subprocess(command));
  if (result.exit_code != 0 || result.signal != 0) return fail(other.path, "list", result.err);
  TRY_ASSIGN(const nlohmann::json parsed, spec::parse_json(result.out, other.path));
  Json entries = Json::array();
  for (const nlohmann::json& entry : parsed.is_array() ? parsed : nlohmann::json::array()) {
    if (entry.is_object()) entries.push_back(Json(entry));
  }
  return entries;
}

Result<Json> list_all(const Invocation& invocation) {
  Json entries = Json::array();
  for (const container::Known& known : container::look_up_all(invocation.global.root)) {
    entries.push_back(state::describe(known.state, known.status));
  }
  if (invocation.other.path.empty()) return entries;
  TRY_ASSIGN(const Json others, list_of(invocation.other));
  for (const Json& entry : others) entries.push_back(entry);
  return entries;
}

void add_state(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("state", "print the state of a container");
  auto id = std::make_shared<std::string>();
  verb->add_option("ID", *id)->required();
  verb->callback([&invocation, id] {
    invocation.run = [&invocation, id]() -> Result<int> {
      TRY_ASSIGN(const container::Known known, container::look_up(invocation.global.root, *id));
      print(dump(state::describe(known.state, known.status), 2));
      return 0;
    };
  });
}

const CLI::IsMember kTableOrJson({"table", "json"});

void add_list(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("list", "list the containers");
  auto format = std::make_shared<std::string>("table");
  auto quiet = std::make_shared<bool>(false);
  verb->add_option("-f,--format", *format, "table or json")->check(kTableOrJson);
  verb->add_flag("-q,--quiet", *quiet, "names only");
  verb->callback([&invocation, format, quiet] {
    invocation.run = [&invocation, format, quiet]() -> Result<int> {
      TRY_ASSIGN(const Json all, list_all(invocation));
      if (*quiet) {
        for (const Json& entry : all) print(cell(entry, "id") + "\n");
      } else {
        print(*format == "table" ? list_as_table(all) : dump(all, -1));
      }
      return 0;
    };
  });
}

// ps(1)'s lines about `pids`, and its header.
Result<std::string> ps_table(const std::vector<pid_t>& pids, std::vector<std::string> arguments) {
  if (arguments.empty()) arguments.emplace_back("-ef");
  arguments.insert(arguments.begin(), "ps");
  TRY_ASSIGN(const SubprocessResult result, run_subprocess(arguments));
  if (result.exit_code != 0) return fail("ps", "", result.err);
  std::string text;
  size_t column = std::string::npos;
  for (const std::string& line : split(result.out, '\n')) {
    std::vector<std::string> words;
    for (std::string& word : split(line, ' ')) {
      if (!word.empty()) words.push_back(std::move(word));
    }
    if (column == std::string::npos) {
      const auto header = std::ranges::find(words, "PID");
      if (header == words.end()) return fail("ps", "", "its output has no column PID");
      column = static_cast<size_t>(header - words.begin());
      text = line + "\n";
      continue;
    }
    pid_t pid = 0;
    if (column < words.size()) std::from_chars(words[column].data(), words[column].data() + words[column].size(), pid);
    if (std::ranges::find(pids, pid) != pids.end()) text += line + "\n";
  }
  return text;
}

void add_ps(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("ps", "list the processes of a container");
  auto id = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("table");
  verb->add_option("-f,--format", *format, "table or json")->check(kTableOrJson);
  verb->add_option("ID", *id)->required();
  verb->prefix_command();
  verb->callback([&invocation, id, format, verb] {
    invocation.run = [&invocation, id, format, verb]() -> Result<int> {
      TRY_ASSIGN(const std::vector<pid_t> pids, container::processes_of(invocation.global.root, *id));
      if (*format == "json") {
        print(dump(nlohmann::ordered_json(pids), -1));
        return 0;
      }
      TRY_ASSIGN(const std::string table, ps_table(pids, verb->remaining()));
      print(table);
      return 0;
    };
  });
}

}  // namespace

void add_inspection(CLI::App& app, Invocation& invocation) {
  add_state(app, invocation);
  add_list(app, invocation);
  add_ps(app, invocation);
}

}  // namespace kontain::krun::cli

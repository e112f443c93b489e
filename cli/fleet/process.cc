#include "cli/fleet/process.h"

#include <sys/stat.h>

#include <array>
#include <charconv>

#include "base/text.h"
#include "cli/support/files.h"

namespace kontain::cli {
namespace {

// Fields of proc_pid_stat(5), counted behind the name; "state" is the third of all.
enum Field : size_t {
  State = 0,
  Parent = 1,
  UserTicks = 11,
  SystemTicks,
  ChildUserTicks,
  ChildSystemTicks,
  Start = 19,
  Resident = 21
};
constexpr size_t kFields = Resident + 1;

template <class T>
bool parse_number(std::string_view text, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

}  // namespace

std::optional<Process> parse_stat(std::string_view text) {
  const size_t open = text.find(" (");
  const size_t close = text.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) return std::nullopt;
  Process process;
  if (!parse_number(text.substr(0, open), process.pid)) return std::nullopt;
  process.name = text.substr(open + 2, close - open - 2);
  const std::vector<std::string> fields = split(trimmed(std::string(text.substr(close + 2))), ' ');
  if (fields.size() < kFields || fields[State].size() != 1) return std::nullopt;
  process.state = fields[State][0];
  std::array<uint64_t, 4> ticks{};
  bool ok = parse_number(fields[Parent], process.parent) && parse_number(fields[Start], process.start_ticks) &&
            parse_number(fields[Resident], process.resident_pages);
  for (size_t i = 0; i < ticks.size(); ++i) {
    ok = ok && parse_number(fields[UserTicks + i], ticks[i]);
    process.cpu_ticks += ticks[i];
  }
  if (!ok) return std::nullopt;
  return process;
}

std::vector<Process> read_processes() {
  std::vector<Process> processes;
  for (const std::string& name : entries_of("/proc")) {
    pid_t pid = 0;
    if (!parse_number(name, pid)) continue;
    struct stat info;
    if (stat(("/proc/" + name).c_str(), &info) != 0) continue;
    auto process = parse_stat(read_text("/proc/" + name + "/stat").value_or(""));
    if (!process) continue;
    process->user = info.st_uid;
    processes.push_back(std::move(*process));
  }
  return processes;
}

std::vector<Process> tree_of(pid_t root, const std::vector<Process>& all) {
  std::vector<Process> tree;
  for (const Process& process : all) {
    if (process.pid == root && process.state != 'Z') tree.push_back(process);
  }
  for (size_t i = 0; i < tree.size(); ++i) {
    const pid_t parent = tree[i].pid;
    for (const Process& process : all) {
      if (process.parent == parent && process.pid != parent) tree.push_back(process);
    }
    if (tree.size() > all.size()) break;  // parents in a circle: the listing was torn
  }
  return tree;
}

int64_t boot_time_ms() {
  for (const std::string& line : split(read_text("/proc/stat").value_or(""), '\n')) {
    int64_t seconds = 0;
    if (line.starts_with("btime ") && parse_number(std::string_view(line).substr(6), seconds)) return seconds * 1000;
  }
  return 0;
}

}  // namespace kontain::cli

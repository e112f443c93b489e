#include "km/sys/paths.h"

#include <limits.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace kontain::sys {
namespace {

using Components = std::vector<std::string_view>;

Components normalised(std::string_view path) {
  Components parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return parts;
}

// A decimal number, or -1.
int to_number(std::string_view text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : -1;
}

bool is_own_process(Task& task, std::string_view name) {
  if (name == "self" || name == "thread-self") return true;
  const int number = to_number(name);
  return number > 0 && (number == task.tid() || number == host(SYS_getpid).raw());
}

// Files below /proc/PID that show or change the monitor's memory and start-up instead of the payload's.
bool is_refused_file(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kRefused = {"mem",          "map_files", "maps",    "smaps",
                                                                "smaps_rollup", "numa_maps", "pagemap", "auxv",
                                                                "environ",      "syscall",   "stack"};
  return std::ranges::find(kRefused, name) != kRefused.end();
}

// `rest` is what follows /proc/PID.
SpecialPath classify_own(Task& task, std::span<const std::string_view> rest) {
  if (rest.size() >= 2 && rest[0] == "task" && is_own_process(task, rest[1])) rest = rest.subspan(2);
  if (rest.empty()) return {SpecialPath::Ordinary};
  if (rest.size() == 1 && rest[0] == "exe") return {SpecialPath::Executable};
  if (is_refused_file(rest[0])) return {SpecialPath::Refused};
  const bool names_fd = rest.size() >= 2 && (rest[0] == "fd" || rest[0] == "fdinfo");
  if (names_fd && task.process().fds().is_monitor_fd(to_number(rest[1]))) return {SpecialPath::Missing};
  return {SpecialPath::Ordinary};
}

}  // namespace

SpecialPath classify_path(Task& task, std::string_view path) {
  // The common case costs one comparison.
  if (path.find("proc") == std::string_view::npos && path.find("dev") == std::string_view::npos) {
    return {SpecialPath::Ordinary};
  }
  const Components parts = normalised(path);
  const std::span<const std::string_view> all(parts);
  if (all.size() >= 3 && all[0] == "proc" && is_own_process(task, all[1])) return classify_own(task, all.subspan(2));
  // /dev/fd is a link to /proc/self/fd.
  if (all.size() >= 3 && all[0] == "dev" && all[1] == "fd") return classify_own(task, all.subspan(1));
  return {SpecialPath::Ordinary};
}

bool is_refused_procfs_file(Task& task, std::string_view path) {
  const Components parts = normalised(path);
  if (parts.size() < 2 || !is_refused_file(parts.back())) return false;
  if (parts.back() == "mem" || parts.front() != "proc") return true;
  return is_own_process(task, parts[parts.size() - 2]);
}

GuestResult<std::string> resolve_path(Task& task, DirFd, std::string path, Links links) {
  if (path.empty() || path.front() != '/') return path;
  switch (classify_path(task, path).kind) {
    case SpecialPath::Ordinary: return path;
    case SpecialPath::Executable: return links == Links::Follow ? task.process().executable() : path;
    case SpecialPath::Refused: return tl::make_unexpected(Errno{EACCES});
    case SpecialPath::Missing: return tl::make_unexpected(Errno{ENOENT});
  }
  return path;
}

GuestResult<std::string> load_path(Task& task, DirFd directory, GuestPtr<const char> path, Links links) {
  auto text = mem::load_string(path, PATH_MAX);
  if (!text) return text;
  return resolve_path(task, directory, std::move(*text), links);
}

}  // namespace kontain::sys

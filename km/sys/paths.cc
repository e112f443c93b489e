#include "km/sys/paths.h"

#include <fcntl.h>
#include <limits.h>

#include <algorithm>
#include <span>
#include <vector>

#include "km/sys/walk.h"

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

// /proc/PID/root/..., cwd/... or fd/N/... of another process: the host allows it to the privileged.
bool enters_other_process(Task& task, std::string_view path) {
  const Components parts = normalised(path);
  if (parts.size() < 4 || parts[0] != "proc") return false;
  const int number = procfs::to_number(parts[1]);
  if (number < 0 || number == host(SYS_getpid).raw() || number == task.tid()) return false;
  return parts[2] == "root" || parts[2] == "cwd" || parts[2] == "fd";
}

open_how handle_flags(Links links) {
  constexpr uint64_t kFlags = O_PATH | O_CLOEXEC;
  return {links == Links::NoFollow ? kFlags | O_NOFOLLOW : kFlags, 0, 0};
}

}  // namespace

bool may_name_procfs(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  return path.find("/proc/") != std::string_view::npos || path.ends_with("/proc") || path.starts_with("/dev/fd") ||
         path.starts_with("/dev/std");
}

bool needs_reach(Task& task, DirFd directory, const std::string& path) {
  if (path.empty() || proc_root(task).fd < 0) return false;
  if (may_name_procfs(path)) return true;
  char first;
  return !host(SYS_readlinkat, directory, path.c_str(), &first, 1).is_error();
}

bool is_registry_path(std::string_view path) {
  // The common case costs one search.
  if (path.find("kontain") == std::string_view::npos || path.front() != '/') return false;
  Components parts = normalised(path);
  if (!parts.empty() && parts[0] == "var") parts.erase(parts.begin());
  if (parts.size() < 2 || parts[0] != "run") return false;
  return parts[1] == "kontain" || (parts.size() >= 4 && parts[1] == "user" && parts[3] == "kontain");
}

GuestResult<std::string> resolve_path(Task& task, DirFd, std::string path, Links) {
  if (is_registry_path(path)) return tl::make_unexpected(Errno{ENOENT});
  if (may_name_procfs(path) && enters_other_process(task, path)) return tl::make_unexpected(Errno{EACCES});
  return path;
}

GuestResult<std::string> load_path(Task& task, DirFd directory, GuestPtr<const char> path, Links links) {
  auto text = mem::load_string(path, PATH_MAX);
  if (!text) return text;
  return resolve_path(task, directory, std::move(*text), links);
}

GuestResult<Reached> reach(Task& task, DirFd directory, const std::string& path, Links links) {
  auto kept = keep_from_payload(task, [&] { return open_unjudged(task, directory, path, handle_flags(links)); });
  if (!kept) return tl::make_unexpected(kept.error());
  Reached reached = {std::move(*kept), std::nullopt};
  reached.file = identify_proc_file(task, reached.fd.get());
  if (reached.file && reached.file->hidden) return tl::make_unexpected(Errno{ENOENT});
  return reached;
}

// No call can name the number, as it is not handed out.
GuestResult<UniqueFd> reach_to_change(Task& task, DirFd directory, const std::string& path) {
  const SysResult opened =
      make_in_room(task, [&] { return open_unjudged(task, directory, path, handle_flags(Links::Follow)); });
  if (opened.is_error()) return tl::make_unexpected(Errno{opened.error()});
  UniqueFd handle(static_cast<int>(opened.raw()));
  const auto file = identify_proc_file(task, handle.get());
  if (file && file->hidden) return tl::make_unexpected(Errno{ENOENT});
  return handle;
}

}  // namespace kontain::sys

// Every path argument passes through here before the host kernel sees it.
//
// A path may lead into a procfs by any name: through links, from a working directory, by an exchange that another
// thread makes meanwhile. So the text of a path decides only what is cheap to know. What a call gives or changes is
// protected by kind:
//   opening      the host follows no magic link, and what was opened is judged (new_fds.h);
//   changing     what a path leads to is reached the same way, and the call acts on that descriptor (change_call);
//   looking      attributes tell nothing about a monitor, except which file its program is: the answer is checked;
//   new names    made, removed or renamed below whatever folder the payload can enter: nothing of a monitor is there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "km/sys/forward.h"
#include "km/sys/proc_files.h"
#include "km/sys/roots.h"

namespace kontain::sys {

// What the call does with a link in the last component.
enum class Links {
  Follow,
  NoFollow,  // lstat, unlink, O_NOFOLLOW, AT_SYMLINK_NOFOLLOW, new names
};

// True for an absolute path that by its text may lead into a procfs: such a look is taken through reach().
bool may_name_procfs(std::string_view path);

// True for the folder in which running monitors are registered, and what is in it, by an absolute path's text.
bool is_registry_path(std::string_view path);

// `path` itself, or ENOENT for the registry, EACCES for the folders of another process in /proc.
GuestResult<std::string> resolve_path(Task& task, DirFd directory, std::string path, Links links);

// The same for a path in guest memory: EFAULT, ENAMETOOLONG above PATH_MAX.
GuestResult<std::string> load_path(Task& task, DirFd directory, GuestPtr<const char> path, Links links);

// What a path leads to.
struct Reached {
  fd::KeptFd fd;                 // O_PATH, one of the monitor's
  std::optional<ProcFile> file;  // when it is in a procfs
};

// No magic link is followed but by the payload's own rules. ENOENT for a descriptor of the monitor.
GuestResult<Reached> reach(Task& task, DirFd directory, const std::string& path, Links links);

// The same for calls that act on the object and hand nothing out.
GuestResult<UniqueFd> reach_to_change(Task& task, DirFd directory, const std::string& path);

// True for a path that ends at a link, or may lead into a procfs: the host would follow a magic link.
bool needs_reach(Task& task, DirFd directory, const std::string& path);

// Issues `number`(path, args...), which has no form with a directory, for calls that only look or make names.
template <class... Args>
SysResult path_call(Task& task, long number, GuestPtr<const char> path, Links links, Args... args) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, links));
  if (links == Links::NoFollow || !needs_reach(task, kCurrentDirectory, resolved)) {
    return host(number, resolved.c_str(), args...);
  }
  GUEST_TRY_ASSIGN(const Reached reached, reach(task, kCurrentDirectory, resolved, links));
  return with_proc_path(task, reached.fd.get(), [&](const char* name) { return host(number, name, args...); });
}

// Issues `number`(directory, path, args...).
template <class... Args>
SysResult path_call_at(Task& task, long number, DirFd directory, GuestPtr<const char> path, Links links, Args... args) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, links));
  if (links == Links::NoFollow || !needs_reach(task, directory, resolved)) {
    return host(number, directory, resolved.c_str(), args...);
  }
  GUEST_TRY_ASSIGN(const Reached reached, reach(task, directory, resolved, links));
  return host(number, proc_root(task).fd, proc_fd_name(reached.fd.get()).c_str(), args...);
}

// Issues `number`(path, args...), which has no form with a directory, for a call that follows the last link and changes
// what it leads to.
template <class... Args>
SysResult change_call(Task& task, long number, GuestPtr<const char> path, Args... args) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, Links::Follow));
  if (proc_root(task).fd < 0) return host(number, resolved.c_str(), args...);
  GUEST_TRY_ASSIGN(const UniqueFd handle, reach_to_change(task, kCurrentDirectory, resolved));
  return with_proc_path(task, handle.get(), [&](const char* name) { return host(number, name, args...); });
}

// Issues `number`(directory, path, args...) for such a call. An empty path means the directory itself, if `number`
// allows it.
template <class... Args>
SysResult change_call_at(Task& task, long number, DirFd directory, GuestPtr<const char> path, Links links,
                         Args... args) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, links));
  if (links == Links::NoFollow || resolved.empty() || proc_root(task).fd < 0) {
    return host(number, directory, resolved.c_str(), args...);
  }
  GUEST_TRY_ASSIGN(const UniqueFd handle, reach_to_change(task, directory, resolved));
  return host(number, proc_root(task).fd, proc_fd_name(handle.get()).c_str(), args...);
}

// Links::NoFollow when `flags` contain `no_follow_bit`.
constexpr Links links_of(int flags, int no_follow_bit) {
  return (flags & no_follow_bit) ? Links::NoFollow : Links::Follow;
}

}  // namespace kontain::sys

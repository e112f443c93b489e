// Every path argument passes through here before the host kernel sees it.
#pragma once

#include <string>
#include <string_view>

#include "km/sys/forward.h"

namespace kontain::sys {

// What the call does with a link in the last component.
enum class Links {
  Follow,
  NoFollow,  // lstat, unlink, O_NOFOLLOW, AT_SYMLINK_NOFOLLOW, new names
};

// A path that is about this process and must not reach the host kernel as it is.
struct SpecialPath {
  enum Kind {
    Ordinary,
    Executable,  // /proc/self/exe: the payload's, not the monitor's
    Refused,     // shows or changes the monitor's own memory
    Missing,     // names a descriptor of the monitor
  } kind;
};

// Recognises an absolute path lexically ("." and ".." and double slashes removed; links are not followed).
SpecialPath classify_path(Task& task, std::string_view path);

// True when `path`, the host's own name of an open file of a procfs, shows or changes the monitor's memory. A procfs
// that is not at /proc may count processes differently, so its files are refused for every process, and `mem` always.
bool is_refused_procfs_file(Task& task, std::string_view path);

// The path that the host kernel is given. EACCES or ENOENT for what classify_path refuses. `directory` is where a
// relative path starts.
GuestResult<std::string> resolve_path(Task& task, DirFd directory, std::string path, Links links);

// The same for a path in guest memory: EFAULT, ENAMETOOLONG above PATH_MAX.
GuestResult<std::string> load_path(Task& task, DirFd directory, GuestPtr<const char> path, Links links);

// Issues `number`(path, args...), the form without a directory descriptor.
template <class... Args>
SysResult path_call(Task& task, long number, GuestPtr<const char> path, Links links, Args... args) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, links));
  return host(number, resolved.c_str(), args...);
}

// Issues `number`(directory, path, args...).
template <class... Args>
SysResult path_call_at(Task& task, long number, DirFd directory, GuestPtr<const char> path, Links links, Args... args) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, links));
  return host(number, directory, resolved.c_str(), args...);
}

// Links::NoFollow when `flags` contain `no_follow_bit`.
constexpr Links links_of(int flags, int no_follow_bit) {
  return (flags & no_follow_bit) ? Links::NoFollow : Links::Follow;
}

}  // namespace kontain::sys

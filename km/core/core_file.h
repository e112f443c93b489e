// Where a core file goes: the name that /proc/sys/kernel/core_pattern gives it, and its safe creation.
//
// A pattern that names a program (`|PROGRAM`) or a socket (`@PATH`) asks the host's kernel to hand the dump to a
// handler outside; km does not run handlers (it would have to start a native program), so nothing is written then.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::core {

// What the pattern's specifiers stand for (core(5)).
struct CoreNames {
  pid_t pid = 0;           // %p, in the payload's pid namespace
  pid_t initial_pid = 0;   // %P, in the initial one where it is known
  pid_t tid = 0;           // %i, the crashing thread
  pid_t initial_tid = 0;   // %I
  uid_t uid = 0;           // %u
  gid_t gid = 0;           // %g
  int dumpable = 1;        // %d
  int signal = 0;          // %s
  int64_t time = 0;        // %t, seconds since the Epoch
  uint64_t limit = ~0ULL;  // %c, soft RLIMIT_CORE in bytes
  unsigned cpu = 0;        // %C
  std::string host_name;   // %h
  std::string command;     // %e: comm
  std::string executable;  // %E: its path, %f: the last part
};

// The path of the core file, relative to the working directory unless the pattern says otherwise. Nothing when no file
// is to be written: a handler is named, or the pattern is empty and `uses_pid` is off. `pattern` may end with a
// newline; `uses_pid` is /proc/sys/kernel/core_uses_pid. fs/coredump.c: format_corename.
std::optional<std::string> core_path(std::string_view pattern, bool uses_pid, const CoreNames& names);

// Creates the file, mode 0600, empty, in place of an existing one: that one is unlinked, so neither a link nor another
// name of it is ever written through. Magic links of /proc are not followed, the last part of the path is no link at
// all, and what was made is a regular file of the file system user with one name and exactly that mode, else it is an
// error (fs/coredump.c: do_coredump).
Result<UniqueFd> create_core_file(const std::string& path);

// The same in an opened directory; `name` has no slash. For callers whose directory was found by their own resolver.
Result<UniqueFd> create_core_file_in(const UniqueFd& directory, const std::string& name);

}  // namespace kontain::core

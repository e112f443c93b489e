// How running kontainers are found: one file per process tree in a folder that only its owner can write.
//
// The file is locked (flock(2)) through a descriptor that every process of the tree inherits over fork and exec, so it
// stays locked exactly as long as one of them lives, however they end; there is no daemon. A file that is not locked is
// stale, and whoever comes across it removes it. What a file says is a hint for people: it is never trusted.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "km/registry/entry.h"

namespace kontain::registry {

// /run/kontain for root, /run/user/UID/kontain for others.
std::string folder_of(uid_t user);

// One kontainer's place in the registry.
class Registration {
 public:
  // The same tree in another process: what fd() and path() were there.
  Registration(UniqueFd lock, std::string path) : lock_(std::move(lock)), path_(std::move(path)) {}

  // The descriptor that holds the lock. To be made one of the monitor's, and passed on by exec.
  int fd() const { return lock_.get(); }
  UniqueFd take_fd() { return std::move(lock_); }
  void set_fd(UniqueFd lock) { lock_ = std::move(lock); }
  bool renumber_fd(int from, int to) { return lock_.renumber(from, to); }  // UniqueFd::renumber
  const std::string& path() const { return path_; }

  // Removes the file. Only for the last process of the tree: others could not be found any more. Nobody needs to call
  // this, but a process that never forked leaves nothing behind that way.
  void withdraw();

 private:
  UniqueFd lock_;
  std::string path_;
};

// Puts `entry` into `folder`, which is made if it is missing (its parent is not), and removes stale files. Fails when
// there is no such place, when it cannot be written, or when others could write it: no reason not to run.
Result<Registration> enroll(const std::string& folder, const Entry& entry);

// The living kontainers of `folder`, by process id; none when it does not exist or is not `owner`'s alone. Stale files
// are removed; files that cannot be read as an entry are left out.
std::vector<Entry> list(const std::string& folder, uid_t owner = geteuid());

}  // namespace kontain::registry

// How a new process gets into a cgroup: by itself, and before it does anything else.
//
// A process that is moved by another one (a number written to cgroup.procs) costs whoever writes first after a quiet
// moment a grace period of the kernel's RCU, 10 to 30 ms, because the whole machine's forks are held off meanwhile
// (cgroup_threadgroup_rwsem in kernel/cgroup/cgroup.c). A single thread that moves itself ("0" to v1's tasks), and a
// process that is born in its v2 cgroup (CLONE_INTO_CGROUP), cost nothing of the kind.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kontain::krun::cgroup {

class Entrance {
 public:
  Entrance() = default;

  // Opens the files of v1 folders, and of at most one of v2; nothing is moved yet.
  Result<void> add_v1(const std::string& folder);
  Result<void> set_v2(const std::string& folder);

  // clone(2) with these namespaces and SIGCHLD, or CLONE_PARENT and its parent's signal; -1 and errno. The child calls
  // enter() next; it is in v2's folder already where the kernel and the folder allow that.
  pid_t clone(int flags);
  // Moves the calling process, which has one thread, and closes everything.
  Result<void> enter();

 private:
  struct Door {
    std::string file;
    UniqueFd fd;
  };
  static Result<Door> open_door(const std::string& file);

  std::vector<Door> doors_;  // a "0" written there moves the writer
  UniqueFd v2_folder_;
  Door v2_door_;
};

}  // namespace kontain::krun::cgroup

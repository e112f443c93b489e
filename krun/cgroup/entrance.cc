#include "krun/cgroup/entrance.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace kontain::krun::cgroup {
namespace {

pid_t clone_into(int flags, int folder) {
  clone_args arguments = {};
  arguments.flags = static_cast<unsigned>(flags) | CLONE_INTO_CGROUP;
  // A sibling has the signal of its maker, and clone3(2) wants that unsaid.
  arguments.exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD;
  arguments.cgroup = static_cast<unsigned>(folder);
  return static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

pid_t clone_here(int flags) {
  return static_cast<pid_t>(
      syscall(SYS_clone, static_cast<unsigned long>(flags) | SIGCHLD, nullptr, nullptr, nullptr, 0));
}

}  // namespace

Result<Entrance::Door> Entrance::open_door(const std::string& file) {
  Door door{file, UniqueFd(open(file.c_str(), O_WRONLY | O_CLOEXEC))};
  if (!door.fd) return fail_errno("open", file, errno);
  return door;
}

Result<void> Entrance::add_v1(const std::string& folder) {
  TRY_ASSIGN(Door door, open_door(folder + "/tasks"));
  doors_.push_back(std::move(door));
  return {};
}

Result<void> Entrance::set_v2(const std::string& folder) {
  TRY_ASSIGN(v2_door_, open_door(folder + "/cgroup.procs"));
  v2_folder_.reset(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return v2_folder_ ? Result<void>() : fail_errno("open", folder, errno);
}

pid_t Entrance::clone(int flags) {
  if (v2_folder_) {
    const pid_t pid = clone_into(flags, v2_folder_.get());
    if (pid == 0) v2_door_.fd.reset();
    if (pid >= 0) return pid;
  }
  // An old kernel, a full pids.max, a filter of system calls around krun: the door is left, or says what is wrong.
  return clone_here(flags);
}

Result<void> Entrance::enter() {
  if (v2_door_.fd) doors_.push_back(std::move(v2_door_));
  for (const Door& door : doors_) {
    if (write(door.fd.get(), "0", 1) != 1) return fail_errno("enter", door.file, errno);
  }
  doors_.clear();
  v2_folder_.reset();
  return {};
}

}  // namespace kontain::krun::cgroup

// How threads and processes of the payload begin and are replaced. The system calls check their arguments and call
// this; km/run, which owns the virtual machine, implements it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "km/mem/copy.h"

namespace kontain::task {

class Task;

// The kernel's ERESTARTNOINTR: a result that no payload sees. The call is made again once the signal in hand has been
// delivered.
inline constexpr int kRestart = 513;

// clone(2), fork(2) and vfork(2), checked. Addresses are the payload's; 0 where a flag does not ask for one.
struct CloneRequest {
  uint64_t flags = 0;  // CLONE_*, without the exit signal
  int exit_signal = 0;
  uint64_t stack = 0;  // the child's stack pointer; 0: the caller's
  uint64_t tls = 0;
  uint64_t parent_tid = 0;  // CLONE_PARENT_SETTID
  uint64_t child_tid = 0;   // CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID
  uint64_t pidfd = 0;       // CLONE_PIDFD
};

// Opens a file for execution by the rules for payload paths: an interpreter. The error is an errno.
using OpenForExec = std::function<tl::expected<UniqueFd, int>(const std::string& path)>;

// execve(2). Paths are the payload's; `file` was opened by its rules. It and what `open` returns are among the
// monitor's numbers (fd::MonitorFds), which whoever executes gives back.
struct ExecRequest {
  UniqueFd file;
  std::string name;  // as given: AT_EXECFN, and what a script's interpreter is told to read
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  bool name_ends_with_exec = false;  // `name` is a close-on-exec descriptor: no interpreter could open it
  OpenForExec open;
};

class Lifecycle {
 public:
  virtual ~Lifecycle() = default;
  // A thread of the same process: its tid.
  virtual mem::GuestResult<pid_t> create_thread(Task& caller, const CloneRequest& request) = 0;
  // A process with a copy of the memory: its pid, or 0 in the child.
  virtual mem::GuestResult<pid_t> fork(Task& caller, const CloneRequest& request) = 0;
  // A process that shares the memory until it ends or executes a program; the calling thread sleeps meanwhile.
  virtual mem::GuestResult<pid_t> vfork(Task& caller, const CloneRequest& request) = 0;
  // Replaces the process. Returns only on failure.
  virtual mem::Errno execute(Task& caller, ExecRequest request) = 0;
};

}  // namespace kontain::task

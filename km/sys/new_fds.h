// Descriptors on their way to the payload: what they are is checked, and their numbers are never the monitor's.
#pragma once

#include <linux/openat2.h>

#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "km/sys/args.h"

namespace kontain::sys {

// A freshly made descriptor, or an error, becomes the call's result: only now may other calls name it. A number of the
// monitor's is moved above those, close-on-exec kept; EMFILE when the payload's limit is reached.
SysResult hand_out_fd(Task& task, SysResult made);

// The same for a duplicate. With other threads about, the number it was made of may have become another descriptor
// after the call had been checked: what must not be the payload's is closed again, EBADF.
SysResult hand_out_duplicate(Task& task, SysResult made);

// close(2) for a number of the payload's.
SysResult close_payload_fd(Task& task, int number);

// The same for several at once; when one cannot be moved all are closed and the errno is returned.
SysResult hand_out_fds(Task& task, std::span<int> numbers);

using FdPair = std::array<int, 2>;

// The end of pipe(2) and socketpair(2): the two numbers go to the payload's memory. When that faults, both are closed.
SysResult store_fd_pair(Task& task, SysResult made, FdPair numbers, GuestPtr<FdPair> out);

// open(2) for the payload: opened without following the host's magic links (walk.h), judged by what it is, and handed
// out. Devices that reach the machine below us (KVM, vhost, memory) and what is not the payload's in a procfs are
// EACCES; files of /proc that are about the own process are the payload's view (proc_content.h).
SysResult open_for_payload(Task& task, DirFd directory, const std::string& path, const open_how& how);

// The judgement and handing out alone, for a descriptor that was opened otherwise. `flags` are open(2)'s.
SysResult admit_opened_fd(Task& task, SysResult opened, uint64_t flags = 0);

// Opens a program or interpreter for execve(2): the same rules, and nothing of a procfs. `flags` are execveat(2)'s
// AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW. The descriptor is the monitor's, readable; whether it may be executed is for
// load::ProgramFile to say.
GuestResult<UniqueFd> open_program(Task& task, DirFd directory, const std::string& path, int flags);

// A descriptor that arrived in a message or was inherited: Errno{0} when the payload may have it.
Errno classify_received_fd(Task& task, int number);

// At the end of a start, while there is one thread: what is open and not the monitor's becomes the payload's. What it
// must not have is closed: all that a stranger may have left open, or (`from_payload`, after an exec) only what another
// thread of the payload was making at that moment.
void adopt_inherited_fds(Task& task, bool from_payload);

// In the child of a fork: closes what other threads of the parent had made and not yet been given.
void close_unpublished_fds(Task& task);

// True for the character device numbers a payload must not hold open.
bool is_forbidden_device(uint64_t rdev);

// A descriptor of the payload that stays what it is while a call looks at it, where another thread could exchange it.
class PinnedFd {
 public:
  // EBADF when it is not open, or is not the payload's.
  static GuestResult<PinnedFd> pin(Task& task, int number);
  PinnedFd(PinnedFd&&) = default;
  PinnedFd& operator=(PinnedFd&&) = default;

  int get() const { return number_; }

 private:
  PinnedFd(int number, UniqueFd copy) : number_(number), copy_(std::move(copy)) {}
  int number_;
  UniqueFd copy_;
};

}  // namespace kontain::sys

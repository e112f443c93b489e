// Descriptors on their way to the payload: what they are is checked, and their numbers are never the monitor's.
#pragma once

#include <array>
#include <span>

#include "km/sys/args.h"

namespace kontain::sys {

// A freshly made descriptor, or an error, becomes the call's result. A number of the monitor's is moved above those,
// close-on-exec kept; EMFILE when the payload's limit is reached.
SysResult hand_out_fd(Task& task, SysResult made);

// The same for several at once; when one cannot be moved all are closed and the errno is returned.
SysResult hand_out_fds(Task& task, std::span<int> numbers);

using FdPair = std::array<int, 2>;

// The end of pipe(2) and socketpair(2): the two numbers go to the payload's memory. When that faults, both are closed.
SysResult store_fd_pair(Task& task, SysResult made, FdPair numbers, GuestPtr<FdPair> out);

// hand_out_fd for a descriptor that was opened by path: devices that reach the machine below us (KVM, vhost, memory)
// and the parts of /proc that show this process are closed again, with EACCES. Follows whatever path led there.
SysResult admit_opened_fd(Task& task, SysResult opened);

// A descriptor that arrived in a message: Errno{0} when the payload may have it.
Errno classify_received_fd(int number);

// True for the character device numbers a payload must not hold open.
bool is_forbidden_device(uint64_t rdev);

}  // namespace kontain::sys

// Descriptors themselves: pipes, duplicates, flags, ranges.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_pipe(Task& task, GuestPtr<int[2]> out);
SysResult sys_pipe2(Task& task, GuestPtr<int[2]> out, int flags);
SysResult sys_dup(Task& task, PayloadFd fd);
// A target that is one of the monitor's numbers becomes the payload's where that is safe (MonitorFds::vacate), else it
// is EBADF, as if it were above the descriptor limit.
SysResult sys_dup2(Task& task, PayloadFd from, int to);
SysResult sys_dup3(Task& task, PayloadFd from, int to, int flags);
// An allow-list of commands, each with the type of its argument; others are EINVAL.
SysResult sys_fcntl(Task& task, PayloadFd fd, unsigned command, uint64_t argument);
// The monitor's numbers are left out of the range.
SysResult sys_close_range(Task& task, unsigned first, unsigned last, unsigned flags);

}  // namespace kontain::sys

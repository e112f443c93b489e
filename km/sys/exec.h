// execve(2) and execveat(2): the new image is opened by the resolver's rules and judged before anything changes.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

// A NULL-terminated vector of payload strings.
using StringVector = GuestPtr<const uint64_t>;

SysResult sys_execve(Task& task, GuestPtr<const char> path, StringVector arguments, StringVector environment);
SysResult sys_execveat(Task& task, DirFd directory, GuestPtr<const char> path, StringVector arguments,
                       StringVector environment, int flags);

}  // namespace kontain::sys

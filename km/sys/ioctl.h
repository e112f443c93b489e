// ioctl(2): an allow-list of requests, each with the kind of object it is for and the size and direction of its data.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

// A request that is not in the list, or is for another kind of object, is ENOTTY. TIOCSTI is left out on purpose: it
// types into the user's shell.
SysResult sys_ioctl(Task& task, PayloadFd fd, unsigned request, uint64_t argument);

}  // namespace kontain::sys

// Waiting for children. They are children on the host too, so the host knows their states and who may ask.
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_wait4(Task& task, int pid, GuestPtr<int> status, int options, GuestPtr<rusage> usage);
SysResult sys_waitid(Task& task, int kind, int id, GuestPtr<siginfo_t> info, int options, GuestPtr<rusage> usage);

}  // namespace kontain::sys

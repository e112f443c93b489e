// Scheduling attributes and I/O priorities: the host's. The host thread of a payload thread has its tid.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_ioprio_get(Task& task, int which, int who);
SysResult sys_ioprio_set(Task& task, int which, int who, int priority);
// struct sched_attr, whose first word is its size.
SysResult sys_sched_setattr(Task& task, int pid, GuestPtr<uint32_t> attr, unsigned flags);
SysResult sys_sched_getattr(Task& task, int pid, GuestPtr<char> attr, unsigned size, unsigned flags);

}  // namespace kontain::sys

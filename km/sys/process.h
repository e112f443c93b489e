// The process as a whole: prctl(2), the scheduler.
#pragma once

#include <sched.h>
#include <time.h>

#include "km/sys/args.h"

namespace kontain::sys {

// An allow-list of operations; others are EINVAL. Whatever would change the host thread below the payload
// (PR_SET_TSC, PR_SET_MDWE, PR_SET_PTRACER, PR_SET_MM, PR_SET_SYSCALL_USER_DISPATCH) is not in it.
SysResult sys_prctl(Task& task, int operation, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
// FS and GS bases of the virtual CPU; other codes are EINVAL.
SysResult sys_arch_prctl(Task& task, int code, uint64_t address);

SysResult sys_getpriority(Task& task, int which, int who);
SysResult sys_setpriority(Task& task, int which, int who, int nice);
SysResult sys_sched_yield(Task& task);
SysResult sys_sched_getparam(Task& task, int pid, GuestPtr<sched_param> out);
SysResult sys_sched_setparam(Task& task, int pid, GuestPtr<const sched_param> param);
SysResult sys_sched_getscheduler(Task& task, int pid);
SysResult sys_sched_setscheduler(Task& task, int pid, int policy, GuestPtr<const sched_param> param);
SysResult sys_sched_get_priority_max(Task& task, int policy);
SysResult sys_sched_get_priority_min(Task& task, int policy);
SysResult sys_sched_rr_get_interval(Task& task, int pid, GuestPtr<timespec> out);
SysResult sys_sched_getaffinity(Task& task, int pid, unsigned size, GuestPtr<char> mask);
SysResult sys_sched_setaffinity(Task& task, int pid, unsigned size, GuestPtr<const char> mask);

}  // namespace kontain::sys

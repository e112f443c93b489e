// Clocks and sleeping.
#pragma once

#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_clock_gettime(Task& task, int clock, GuestPtr<timespec> out);
SysResult sys_clock_getres(Task& task, int clock, GuestPtr<timespec> out);
SysResult sys_clock_nanosleep(Task& task, int clock, int flags, GuestPtr<const timespec> request,
                              GuestPtr<timespec> remaining);
SysResult sys_nanosleep(Task& task, GuestPtr<const timespec> request, GuestPtr<timespec> remaining);
SysResult sys_gettimeofday(Task& task, GuestPtr<timeval> out, GuestPtr<struct timezone> zone);
SysResult sys_time(Task& task, GuestPtr<int64_t> out);
SysResult sys_times(Task& task, GuestPtr<tms> out);

}  // namespace kontain::sys

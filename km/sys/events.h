// Descriptors that report events: eventfd(2), timerfd_create(2), inotify(7).
#pragma once

#include <time.h>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_eventfd(Task& task, unsigned initial);
SysResult sys_eventfd2(Task& task, unsigned initial, int flags);
SysResult sys_timerfd_create(Task& task, int clock, int flags);
SysResult sys_timerfd_settime(Task& task, PayloadFd fd, int flags, GuestPtr<const itimerspec> setting,
                              GuestPtr<itimerspec> old);
SysResult sys_timerfd_gettime(Task& task, PayloadFd fd, GuestPtr<itimerspec> out);
SysResult sys_inotify_init(Task& task);
SysResult sys_inotify_init1(Task& task, int flags);
SysResult sys_inotify_add_watch(Task& task, PayloadFd fd, GuestPtr<const char> path, unsigned mask);
SysResult sys_inotify_rm_watch(Task& task, PayloadFd fd, int watch);

}  // namespace kontain::sys

// Timers that send signals: timer_create(2), setitimer(2), alarm(2). They are the host's, and so are the ids of the
// threads they name.
#pragma once

#include <sys/time.h>
#include <time.h>

#include <array>

#include "km/sys/args.h"

namespace kontain::sys {

// The kernel's struct sigevent on x86-64.
struct SignalEvent {
  uint64_t value = 0;  // union sigval, of the payload's choosing
  int32_t signal = 0;  // with SIGEV_THREAD of mq_notify(2): a descriptor
  int32_t notify = 0;  // SIGEV_*
  int32_t thread = 0;  // with SIGEV_THREAD_ID
  std::array<int32_t, 11> padding{};
};
static_assert(sizeof(SignalEvent) == 64);

SysResult sys_timer_create(Task& task, int clock, GuestPtr<const SignalEvent> event, GuestPtr<int> id);
SysResult sys_timer_settime(Task& task, int id, int flags, GuestPtr<const itimerspec> setting,
                            GuestPtr<itimerspec> old);
SysResult sys_timer_gettime(Task& task, int id, GuestPtr<itimerspec> out);
SysResult sys_timer_getoverrun(Task& task, int id);
SysResult sys_timer_delete(Task& task, int id);
SysResult sys_getitimer(Task& task, int which, GuestPtr<itimerval> out);
SysResult sys_setitimer(Task& task, int which, GuestPtr<const itimerval> setting, GuestPtr<itimerval> old);
SysResult sys_alarm(Task& task, unsigned seconds);

}  // namespace kontain::sys

#include "km/sys/timers.h"

#include <signal.h>

#include "km/sys/forward.h"
#include "km/sys/wall_clock.h"

namespace kontain::sys {

SysResult sys_timer_create(Task& task, int clock, GuestPtr<const SignalEvent> event, GuestPtr<int> id) {
  GUEST_TRY_ASSIGN(std::optional<SignalEvent> copy, load_optional(event));
  // What libc makes of SIGEV_THREAD (a thread of its own and SIGEV_THREAD_ID) never comes here as such.
  if (copy && copy->notify != SIGEV_NONE && copy->notify != SIGEV_SIGNAL && copy->notify != SIGEV_THREAD_ID) {
    return Errno{EINVAL};
  }
  int made = 0;
  const SysResult result = host(SYS_timer_create, clock, pointer_or_null(copy), &made);
  if (task.process().clock && !result.is_error()) task.process().clock->note_timer(made, clock);
  if (result.is_error() || mem::store(id, made)) return result;
  host(SYS_timer_delete, made);
  return Errno{EFAULT};
}

SysResult sys_timer_settime(Task& task, int id, int flags, GuestPtr<const itimerspec> setting,
                            GuestPtr<itimerspec> old) {
  if (setting.is_null()) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(itimerspec copy, mem::load(setting));
  if ((flags & TIMER_ABSTIME) && task.process().clock) {
    move_timer(task, task.process().clock->clock_of_timer(id).value_or(CLOCK_MONOTONIC), copy);
  }
  itimerspec previous{};
  return finish_optional(host(SYS_timer_settime, id, flags, &copy, &previous), old, previous);
}

SysResult sys_timer_gettime(Task&, int id, GuestPtr<itimerspec> out) {
  itimerspec current{};
  return finish(host(SYS_timer_gettime, id, &current), out, current);
}

SysResult sys_timer_getoverrun(Task&, int id) { return host(SYS_timer_getoverrun, id); }
SysResult sys_timer_delete(Task&, int id) { return host(SYS_timer_delete, id); }

SysResult sys_getitimer(Task&, int which, GuestPtr<itimerval> out) {
  itimerval current{};
  return finish(host(SYS_getitimer, which, &current), out, current);
}

SysResult sys_setitimer(Task&, int which, GuestPtr<const itimerval> setting, GuestPtr<itimerval> old) {
  // No setting stops the timer, as a setting of zero does.
  GUEST_TRY_ASSIGN(const std::optional<itimerval> copy, load_optional(setting));
  const itimerval wanted = copy.value_or(itimerval{});
  itimerval previous{};
  return finish_optional(host(SYS_setitimer, which, &wanted, &previous), old, previous);
}

SysResult sys_alarm(Task&, unsigned seconds) { return host(SYS_alarm, seconds); }

}  // namespace kontain::sys

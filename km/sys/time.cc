#include "km/sys/time.h"

#include "km/sys/forward.h"
#include "km/sys/wall_clock.h"

namespace kontain::sys {
namespace {

// What is left of an interrupted relative sleep goes to the payload.
SysResult finish_sleep(SysResult slept, GuestPtr<timespec> remaining, const timespec& left) {
  if (slept.error() != EINTR || remaining.is_null()) return slept;
  return mem::store(remaining, left) ? slept : Errno{EFAULT};
}

}  // namespace

SysResult sys_clock_gettime(Task& task, int clock, GuestPtr<timespec> out) {
  if (const auto fixed = fixed_time(task, clock)) return finish(SysResult::ok(), out, *fixed);
  timespec now{};
  return finish(host(SYS_clock_gettime, clock, &now), out, now);
}

SysResult sys_clock_getres(Task&, int clock, GuestPtr<timespec> out) {
  timespec resolution{};
  return finish_optional(host(SYS_clock_getres, clock, &resolution), out, resolution);
}

SysResult sys_clock_nanosleep(Task& task, int clock, int flags, GuestPtr<const timespec> request,
                              GuestPtr<timespec> remaining) {
  GUEST_TRY_ASSIGN(timespec copy, mem::load(request));
  if (flags & TIMER_ABSTIME) move_deadline(task, clock, copy);
  timespec left{};
  const SysResult slept = host(SYS_clock_nanosleep, clock, flags, &copy, &left);
  // An absolute sleep is simply started again: there is nothing left to report.
  return (flags & TIMER_ABSTIME) ? slept : finish_sleep(slept, remaining, left);
}

SysResult sys_nanosleep(Task&, GuestPtr<const timespec> request, GuestPtr<timespec> remaining) {
  GUEST_TRY_ASSIGN(const timespec copy, mem::load(request));
  timespec left{};
  return finish_sleep(host(SYS_nanosleep, &copy, &left), remaining, left);
}

SysResult sys_gettimeofday(Task& task, GuestPtr<timeval> out, GuestPtr<struct timezone> zone) {
  timeval now{};
  struct timezone where{};
  const SysResult told = host(SYS_gettimeofday, &now, &where);
  if (const auto fixed = fixed_time(task, CLOCK_REALTIME)) now = {fixed->tv_sec, fixed->tv_nsec / 1000};
  const SysResult result = finish_optional(told, out, now);
  return finish_optional(result, zone, where);
}

SysResult sys_time(Task& task, GuestPtr<int64_t> out) {
  const auto fixed = fixed_time(task, CLOCK_REALTIME);
  const SysResult now = fixed ? SysResult::value(fixed->tv_sec) : host(SYS_time, nullptr);
  return finish_optional(now, out, now.raw());
}

SysResult sys_times(Task&, GuestPtr<tms> out) {
  tms usage{};
  return finish_optional(host(SYS_times, &usage), out, usage);
}

}  // namespace kontain::sys

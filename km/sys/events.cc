#include "km/sys/events.h"

#include <sys/inotify.h>
#include <sys/timerfd.h>

#include "km/sys/forward.h"
#include "km/sys/new_fds.h"
#include "km/sys/paths.h"
#include "km/sys/proc_files.h"
#include "km/sys/wall_clock.h"

namespace kontain::sys {
namespace {

// The one it was made with, perhaps by another process.
int clock_of_timerfd(Task& task, PayloadFd fd) {
  const std::string text = read_proc_text(task, "thread-self/fdinfo/" + std::to_string(fd.number()));
  constexpr std::string_view kField = "clockid: ";
  const size_t at = text.find(kField);
  if (at == std::string::npos) return CLOCK_MONOTONIC;
  return procfs::to_number(std::string_view(text).substr(at + kField.size(), text.find('\n', at) - at - kField.size()));
}

}  // namespace

SysResult sys_eventfd(Task& task, unsigned initial) { return sys_eventfd2(task, initial, 0); }

SysResult sys_eventfd2(Task& task, unsigned initial, int flags) {
  return hand_out_fd(task, host(SYS_eventfd2, initial, flags));
}

SysResult sys_timerfd_create(Task& task, int clock, int flags) {
  return hand_out_fd(task, host(SYS_timerfd_create, clock, flags));
}

SysResult sys_timerfd_settime(Task& task, PayloadFd fd, int flags, GuestPtr<const itimerspec> setting,
                              GuestPtr<itimerspec> old) {
  GUEST_TRY_ASSIGN(itimerspec copy, mem::load(setting));
  if ((flags & TFD_TIMER_ABSTIME) && task.process().clock) move_timer(task, clock_of_timerfd(task, fd), copy);
  itimerspec previous{};
  return finish_optional(host(SYS_timerfd_settime, fd, flags, &copy, &previous), old, previous);
}

SysResult sys_timerfd_gettime(Task&, PayloadFd fd, GuestPtr<itimerspec> out) {
  itimerspec current{};
  return finish(host(SYS_timerfd_gettime, fd, &current), out, current);
}

SysResult sys_inotify_init(Task& task) { return sys_inotify_init1(task, 0); }
SysResult sys_inotify_init1(Task& task, int flags) { return hand_out_fd(task, host(SYS_inotify_init1, flags)); }

SysResult sys_inotify_add_watch(Task& task, PayloadFd fd, GuestPtr<const char> path, unsigned mask) {
  const Links links = (mask & IN_DONT_FOLLOW) ? Links::NoFollow : Links::Follow;
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, links));
  if (links == Links::NoFollow || proc_root(task).fd < 0)
    return host(SYS_inotify_add_watch, fd, resolved.c_str(), mask);
  GUEST_TRY_ASSIGN(const UniqueFd watched, reach_to_change(task, kCurrentDirectory, resolved));
  return with_proc_path(task, watched.get(),
                        [&](const char* name) { return host(SYS_inotify_add_watch, fd, name, mask); });
}

SysResult sys_inotify_rm_watch(Task&, PayloadFd fd, int watch) { return host(SYS_inotify_rm_watch, fd, watch); }

}  // namespace kontain::sys

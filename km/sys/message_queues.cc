#include "km/sys/message_queues.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <signal.h>

#include <array>

#include "km/sys/forward.h"
#include "km/sys/new_fds.h"
#include "km/sys/wall_clock.h"

namespace kontain::sys {
namespace {

constexpr size_t kCookieSize = 32;  // NOTIFY_COOKIE_LEN

// SIGEV_THREAD, as libc uses it: `signal` is a netlink socket that gets the bytes `value` points to.
SysResult notify_by_socket(Task& task, PayloadFd queue, SignalEvent event) {
  event.signal = payload_number(task, event.signal);
  std::array<char, kCookieSize> cookie;
  if (!mem::copy_in(cookie.data(), event.value, cookie.size())) return Errno{EFAULT};
  event.value = to_register(cookie.data());
  return host(SYS_mq_notify, queue, &event);
}

}  // namespace

SysResult sys_mq_open(Task& task, GuestPtr<const char> name, int flags, unsigned mode, GuestPtr<const mq_attr> attr) {
  std::optional<mq_attr> copy;
  if (flags & O_CREAT) {
    GUEST_TRY_ASSIGN(copy, load_optional(attr));
  }
  GUEST_TRY_ASSIGN(const std::string text, mem::load_string(name, PATH_MAX));
  return hand_out_fd(task, host(SYS_mq_open, text.c_str(), flags, mode, pointer_or_null(copy)));
}

SysResult sys_mq_unlink(Task&, GuestPtr<const char> name) {
  GUEST_TRY_ASSIGN(const std::string text, mem::load_string(name, PATH_MAX));
  return host(SYS_mq_unlink, text.c_str());
}

SysResult sys_mq_timedsend(Task& task, PayloadFd queue, GuestPtr<const char> message, uint64_t size, unsigned priority,
                           GuestPtr<const timespec> timeout) {
  GUEST_TRY_ASSIGN(std::optional<timespec> copy, load_optional(timeout));
  move_deadline(task, CLOCK_REALTIME, copy);
  return host(SYS_mq_timedsend, queue, host_buffer(message, size), size, priority, pointer_or_null(copy));
}

SysResult sys_mq_timedreceive(Task& task, PayloadFd queue, GuestPtr<char> message, uint64_t size,
                              GuestPtr<unsigned> priority, GuestPtr<const timespec> timeout) {
  GUEST_TRY_ASSIGN(std::optional<timespec> copy, load_optional(timeout));
  move_deadline(task, CLOCK_REALTIME, copy);
  unsigned received = 0;
  const SysResult result =
      host(SYS_mq_timedreceive, queue, host_buffer(message, size), size, &received, pointer_or_null(copy));
  return finish_optional(result, priority, received);
}

SysResult sys_mq_notify(Task& task, PayloadFd queue, GuestPtr<const SignalEvent> event) {
  GUEST_TRY_ASSIGN(std::optional<SignalEvent> copy, load_optional(event));
  if (copy && copy->notify == SIGEV_THREAD) return notify_by_socket(task, queue, *copy);
  return host(SYS_mq_notify, queue, pointer_or_null(copy));
}

SysResult sys_mq_getsetattr(Task&, PayloadFd queue, GuestPtr<const mq_attr> attr, GuestPtr<mq_attr> old) {
  GUEST_TRY_ASSIGN(std::optional<mq_attr> copy, load_optional(attr));
  mq_attr previous{};
  return finish_optional(host(SYS_mq_getsetattr, queue, pointer_or_null(copy), &previous), old, previous);
}

}  // namespace kontain::sys

#include "km/sys/descriptors.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <optional>

#include "km/sys/forward.h"
#include "km/sys/limits.h"
#include "km/sys/new_fds.h"

namespace kontain::sys {
namespace {

enum class FcntlArgument {
  Value,      // an integer, or none
  Signal,     // its number
  NewFd,      // an integer; the result is a new descriptor
  LockIn,     // const struct flock *
  LockInOut,  // struct flock *
  OwnerIn,    // const struct f_owner_ex *
  OwnerOut,   // struct f_owner_ex *
  HintIn,     // const uint64_t *
  HintOut,    // uint64_t *
};

struct FcntlRow {
  unsigned command;
  FcntlArgument argument;
};

// fcntl(2). Not here: F_CANCELLK, which is for file servers in the kernel.
constexpr FcntlRow kFcntlRows[] = {
    {F_DUPFD, FcntlArgument::NewFd},         {F_GETFD, FcntlArgument::Value},
    {F_SETFD, FcntlArgument::Value},         {F_GETFL, FcntlArgument::Value},
    {F_SETFL, FcntlArgument::Value},         {F_GETLK, FcntlArgument::LockInOut},
    {F_SETLK, FcntlArgument::LockIn},        {F_SETLKW, FcntlArgument::LockIn},
    {F_SETOWN, FcntlArgument::Value},        {F_GETOWN, FcntlArgument::Value},
    {F_GETSIG, FcntlArgument::Value},        {F_SETSIG, FcntlArgument::Signal},
    {F_SETOWN_EX, FcntlArgument::OwnerIn},   {F_GETOWN_EX, FcntlArgument::OwnerOut},
    {F_OFD_GETLK, FcntlArgument::LockInOut}, {F_OFD_SETLK, FcntlArgument::LockIn},
    {F_OFD_SETLKW, FcntlArgument::LockIn},   {F_SETLEASE, FcntlArgument::Value},
    {F_GETLEASE, FcntlArgument::Value},      {F_DUPFD_CLOEXEC, FcntlArgument::NewFd},
    {F_SETPIPE_SZ, FcntlArgument::Value},    {F_GETPIPE_SZ, FcntlArgument::Value},
    {F_ADD_SEALS, FcntlArgument::Value},     {F_GET_SEALS, FcntlArgument::Value},
    {F_GET_RW_HINT, FcntlArgument::HintOut}, {F_SET_RW_HINT, FcntlArgument::HintIn},
    {F_NOTIFY, FcntlArgument::Value},
};

template <class T>
SysResult fcntl_in(PayloadFd fd, unsigned command, GuestPtr<const T> argument) {
  GUEST_TRY_ASSIGN(const T copy, mem::load(argument));
  return host(SYS_fcntl, fd, command, &copy);
}

template <class T>
SysResult fcntl_out(PayloadFd fd, unsigned command, GuestPtr<T> argument) {
  T value{};
  return finish(host(SYS_fcntl, fd, command, &value), argument, value);
}

template <class T>
SysResult fcntl_in_out(PayloadFd fd, unsigned command, GuestPtr<T> argument) {
  GUEST_TRY_ASSIGN(T copy, mem::load(argument));
  return finish(host(SYS_fcntl, fd, command, &copy), argument, copy);
}

// Why `to` cannot be the payload's number: nothing if it can, and then it is none of the monitor's any more.
std::optional<Errno> admit_target(Task& task, PayloadFd from, int to) {
  fd::MonitorFds& fds = task.process().fds();
  if (to < fd::MonitorFds::kUsualNearStart && !fds.is_monitor_fd(to)) return std::nullopt;
  const auto limit = payload_limit(task, RLIMIT_NOFILE);
  if (!limit || static_cast<rlim_t>(to) >= limit->rlim_cur || to >= fd::PayloadFds::kNumbers) return Errno{EBADF};
  if (!fds.is_monitor_fd(to)) return std::nullopt;
  if (host_at_once(SYS_fcntl, from, F_GETFD).is_error() || !fds.vacate(to)) return Errno{EBADF};
  return std::nullopt;
}

// A number that is free, for certain: nobody else's new descriptor is replaced.
SysResult duplicate_to_free(PayloadFd from, int to, int flags) {
  const SysResult made = host_at_once(SYS_fcntl, from, (flags & O_CLOEXEC) ? F_DUPFD_CLOEXEC : F_DUPFD, to);
  if (made.error() == EMFILE) return Errno{EBUSY};
  if (made.is_error()) return Errno{EBADF};
  if (made.raw() == to) return made;
  host(SYS_close, made.raw());
  return Errno{EBUSY};
}

// The number `to` may be the payload's: replaced; free: taken; or that of a descriptor which is on its way to the
// payload or the monitor. That takes an instant; after that it is EBUSY, as dup(2) has it for such a race.
SysResult duplicate_to(Task& task, PayloadFd from, int to, int flags) {
  constexpr int kTries = 1000;
  if (to < 0) return Errno{EBADF};
  for (int i = 0;; ++i) {
    if (task.process().descriptors().withdraw(to)) {
      const SysResult made = host(SYS_dup3, from, to, flags);
      if (!made.is_error()) return hand_out_duplicate(task, made);
      task.process().descriptors().publish(to);  // it is what it was
      return made;
    }
    const SysResult made = duplicate_to_free(from, to, flags);
    if (made.error() != EBUSY) return hand_out_duplicate(task, made);
    if (i == kTries) return made;
    host(SYS_sched_yield);
  }
}

}  // namespace

SysResult sys_pipe(Task& task, GuestPtr<int[2]> out) { return sys_pipe2(task, out, 0); }

SysResult sys_pipe2(Task& task, GuestPtr<int[2]> out, int flags) {
  FdPair numbers{};
  const SysResult made = host(SYS_pipe2, numbers.data(), flags);
  return store_fd_pair(task, made, numbers, GuestPtr<FdPair>(out.address()));
}

SysResult sys_dup(Task& task, PayloadFd fd) { return hand_out_duplicate(task, host(SYS_dup, fd)); }

SysResult sys_dup2(Task& task, PayloadFd from, int to) {
  if (from.number() == to) {
    const SysResult known = host_at_once(SYS_fcntl, from, F_GETFD);
    return known.is_error() ? known : SysResult::value(to);
  }
  const auto error = admit_target(task, from, to);
  return error ? *error : duplicate_to(task, from, to, 0);
}

SysResult sys_dup3(Task& task, PayloadFd from, int to, int flags) {
  if ((flags & ~O_CLOEXEC) || from.number() == to) return Errno{EINVAL};
  const auto error = admit_target(task, from, to);
  return error ? *error : duplicate_to(task, from, to, flags);
}

SysResult sys_fcntl(Task& task, PayloadFd fd, unsigned command, uint64_t argument) {
  const auto* row = std::ranges::find(kFcntlRows, command, &FcntlRow::command);
  if (row == std::end(kFcntlRows))
    return host_at_once(SYS_fcntl, fd, F_GETFD).is_error() ? Errno{EBADF} : Errno{EINVAL};
  switch (row->argument) {
    case FcntlArgument::Signal:
      // Sent with a code of the kernel's, they would be taken for a fault of the monitor's (km/signal/host_signals.h).
      argument = static_cast<uint32_t>(argument);  // as the kernel does
      if (argument == SIGSEGV || argument == SIGBUS) return Errno{EINVAL};
      return host(SYS_fcntl, fd, command, argument);
    case FcntlArgument::Value: {
      const SysResult result = host(SYS_fcntl, fd, command, argument);
      if (command == F_SETFL) task.process().descriptors().forget_kind(fd.number());
      return result;
    }
    case FcntlArgument::NewFd: return hand_out_duplicate(task, host(SYS_fcntl, fd, command, argument));
    case FcntlArgument::LockIn: return fcntl_in(fd, command, GuestPtr<const struct flock>(argument));
    case FcntlArgument::LockInOut: return fcntl_in_out(fd, command, GuestPtr<struct flock>(argument));
    case FcntlArgument::OwnerIn: return fcntl_in(fd, command, GuestPtr<const f_owner_ex>(argument));
    case FcntlArgument::OwnerOut: return fcntl_out(fd, command, GuestPtr<f_owner_ex>(argument));
    case FcntlArgument::HintIn: return fcntl_in(fd, command, GuestPtr<const uint64_t>(argument));
    case FcntlArgument::HintOut: return fcntl_out(fd, command, GuestPtr<uint64_t>(argument));
  }
  return Errno{EINVAL};
}

SysResult sys_close_range(Task& task, unsigned first, unsigned last, unsigned flags) {
  if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))) return Errno{EINVAL};
  // The descriptor table is never shared between processes, so there is nothing to unshare it from.
  flags &= ~static_cast<unsigned>(CLOSE_RANGE_UNSHARE);
  const bool closes = (flags & CLOSE_RANGE_CLOEXEC) == 0;
  fd::PayloadFds& fds = task.process().descriptors();
  unsigned start = 0;
  unsigned size = 0;
  const auto finish_run = [&] {
    if (size > 0) host(SYS_close_range, start, start + size - 1, flags);
    size = 0;
  };
  fds.for_each(first, last, [&](int number) {
    if (closes && !fds.withdraw(number)) return;
    const auto next = static_cast<unsigned>(number);
    if (size > 0 && start + size != next) finish_run();
    if (size++ == 0) start = next;
  });
  finish_run();
  return SysResult::ok();
}

}  // namespace kontain::sys

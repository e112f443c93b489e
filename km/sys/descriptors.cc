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

// fcntl(2). Not here: F_NOTIFY and F_CANCELLK, whose signals and locks are not the payload's to see.
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

// Makes the number `to` the payload's, if it may have it: nothing, or why the call fails.
std::optional<Errno> admit_target(Task& task, PayloadFd from, int to) {
  fd::MonitorFds& fds = task.process().fds();
  if (!fds.is_monitor_fd(to)) return std::nullopt;
  const auto limit = payload_limit(task, RLIMIT_NOFILE);
  if (!limit || static_cast<rlim_t>(to) >= limit->rlim_cur) return Errno{EBADF};
  if (host(SYS_fcntl, from, F_GETFD).is_error() || !fds.vacate(to)) return Errno{EBADF};
  return std::nullopt;
}

}  // namespace

SysResult sys_pipe(Task& task, GuestPtr<int[2]> out) { return sys_pipe2(task, out, 0); }

SysResult sys_pipe2(Task& task, GuestPtr<int[2]> out, int flags) {
  FdPair numbers{};
  const SysResult made = host(SYS_pipe2, numbers.data(), flags);
  return store_fd_pair(task, made, numbers, GuestPtr<FdPair>(out.address()));
}

SysResult sys_dup(Task& task, PayloadFd fd) { return hand_out_fd(task, host(SYS_dup, fd)); }

SysResult sys_dup2(Task& task, PayloadFd from, int to) {
  const auto error = admit_target(task, from, to);
  return error ? *error : host(SYS_dup2, from, to);
}

SysResult sys_dup3(Task& task, PayloadFd from, int to, int flags) {
  if (flags & ~O_CLOEXEC) return Errno{EINVAL};
  const auto error = admit_target(task, from, to);
  return error ? *error : host(SYS_dup3, from, to, flags);
}

SysResult sys_fcntl(Task& task, PayloadFd fd, unsigned command, uint64_t argument) {
  const auto* row = std::ranges::find(kFcntlRows, command, &FcntlRow::command);
  if (row == std::end(kFcntlRows)) return host(SYS_fcntl, fd, F_GETFD).is_error() ? Errno{EBADF} : Errno{EINVAL};
  switch (row->argument) {
    case FcntlArgument::Signal:
      // Sent with a code of the kernel's, they would be taken for a fault of the monitor's (km/signal/host_signals.h).
      argument = static_cast<uint32_t>(argument);  // as the kernel does
      if (argument == SIGSEGV || argument == SIGBUS) return Errno{EINVAL};
      return host(SYS_fcntl, fd, command, argument);
    case FcntlArgument::Value: return host(SYS_fcntl, fd, command, argument);
    case FcntlArgument::NewFd: return hand_out_fd(task, host(SYS_fcntl, fd, command, argument));
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
  SysResult result = SysResult::ok();
  uint64_t next = first;
  const auto close_up_to = [&](uint64_t end) {
    const uint64_t stop = std::min<uint64_t>(end, uint64_t{last} + 1);
    if (!result.is_error() && next < stop) result = host(SYS_close_range, next, stop - 1, flags);
  };
  task.process().fds().for_each_run([&](int run_first, int run_last) {
    close_up_to(static_cast<uint64_t>(run_first));
    next = std::max(next, static_cast<uint64_t>(run_last) + 1);
  });
  close_up_to(uint64_t{last} + 1);
  return result;
}

}  // namespace kontain::sys

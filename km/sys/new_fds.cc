#include "km/sys/new_fds.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "km/sys/forward.h"
#include "km/sys/limits.h"
#include "km/sys/paths.h"

namespace kontain::sys {
namespace {

constexpr unsigned kMemoryMajor = 1;
constexpr unsigned kMiscMajor = 10;
constexpr unsigned kMsrMajor = 202;

// Moves `number` above the monitor's numbers and closes the original: the new number, or -errno.
long move_above(Task& task, int number) {
  fd::MonitorFds& fds = task.process().fds();
  const long flags = host_call(SYS_fcntl, to_register(number), F_GETFD);
  const int command = (flags & FD_CLOEXEC) ? F_DUPFD_CLOEXEC : F_DUPFD;
  long moved = number;
  do {
    const int minimum = fds.first_free_at_or_after(static_cast<int>(moved));
    if (moved != number) host_call(SYS_close, to_register(moved));
    moved = host_call(SYS_fcntl, to_register(number), to_register(command), to_register(minimum));
  } while (moved >= 0 && fds.is_monitor_fd(static_cast<int>(moved)));
  // EINVAL means that the descriptor limit lies below the next free number.
  if (moved < 0 && fds.cede(number)) return number;
  host_call(SYS_close, to_register(number));
  return moved == -EINVAL ? -EMFILE : moved;
}

// The host enforces the payload's limit, except while the monitor has made itself room.
SysResult check_limit(Task& task, SysResult made) {
  if (made.is_error() || static_cast<rlim_t>(made.raw()) < fd::MonitorFds::kUsualNearStart) return made;
  const auto limit = payload_limit(task, RLIMIT_NOFILE);
  if (!limit || static_cast<rlim_t>(made.raw()) < limit->rlim_cur) return made;
  host(SYS_close, made.raw());
  return Errno{EMFILE};
}

bool is_procfs(int number) {
  struct statfs info;
  return !host(SYS_fstatfs, number, &info).is_error() && info.f_type == PROC_SUPER_MAGIC;
}

// Where an open procfs file lies, as the host names it, asked of the host so that no path trick matters.
bool is_forbidden_proc_file(Task& task, int number) {
  std::array<char, 32> link{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", number);
  std::array<char, 256> target{};
  const SysResult length = host(SYS_readlink, static_cast<const char*>(link.data()), target.data(), target.size());
  if (length.is_error()) return true;
  return is_refused_procfs_file(task, std::string_view(target.data(), static_cast<size_t>(length.raw())));
}

bool may_hold(Task& task, int number) {
  struct stat info;
  if (host(SYS_fstat, number, &info).is_error()) return true;
  if (S_ISCHR(info.st_mode)) return !is_forbidden_device(info.st_rdev);
  // Only file systems without a device of their own can be procfs.
  if (!(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) || major(info.st_dev) != 0) return true;
  return !is_procfs(number) || !is_forbidden_proc_file(task, number);
}

}  // namespace

bool is_forbidden_device(uint64_t rdev) {
  const unsigned low = minor(rdev);
  switch (major(rdev)) {
    case kMemoryMajor: return low == 1 || low == 2 || low == 4;  // mem, kmem, port
    case kMsrMajor: return true;
    case kMiscMajor: {
      // KVM, vhost, vfio, userfaultfd and others with dynamic numbers: only what is known to be harmless is allowed.
      static constexpr std::array<unsigned, 4> kHarmless = {135 /* rtc */, 183 /* hwrng */, 200 /* tun */,
                                                            229 /* fuse */};
      return std::ranges::find(kHarmless, low) == kHarmless.end();
    }
    default: return false;
  }
}

SysResult hand_out_fd(Task& task, SysResult made) {
  if (made.is_error()) return made;
  const int number = static_cast<int>(made.raw());
  if (!task.process().fds().is_monitor_fd(number)) return check_limit(task, made);
  return check_limit(task, SysResult::from_host(move_above(task, number)));
}

SysResult hand_out_fds(Task& task, std::span<int> numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    const SysResult moved = hand_out_fd(task, SysResult::value(numbers[i]));
    if (!moved.is_error()) {
      numbers[i] = static_cast<int>(moved.raw());
      continue;
    }
    for (size_t j = 0; j < numbers.size(); ++j) {
      if (j != i) host(SYS_close, numbers[j]);
    }
    return moved;
  }
  return SysResult::ok();
}

SysResult store_fd_pair(Task& task, SysResult made, FdPair numbers, GuestPtr<FdPair> out) {
  if (made.is_error()) return made;
  const SysResult admitted = hand_out_fds(task, numbers);
  if (admitted.is_error()) return admitted;
  if (mem::store(out, numbers)) return made;
  for (const int number : numbers) host(SYS_close, number);
  return Errno{EFAULT};
}

SysResult admit_opened_fd(Task& task, SysResult opened) {
  if (opened.is_error()) return opened;
  const int number = static_cast<int>(opened.raw());
  if (!may_hold(task, number)) {
    host(SYS_close, number);
    return Errno{EACCES};
  }
  return hand_out_fd(task, opened);
}

Errno classify_received_fd(int number) {
  struct stat info;
  if (host(SYS_fstat, number, &info).is_error()) return Errno{0};
  return S_ISCHR(info.st_mode) && is_forbidden_device(info.st_rdev) ? Errno{EACCES} : Errno{0};
}

}  // namespace kontain::sys

#include "km/sys/new_fds.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "km/sys/forward.h"
#include "km/sys/paths.h"
#include "km/sys/proc_content.h"
#include "km/sys/walk.h"

namespace kontain::sys {
namespace {

constexpr unsigned kMemoryMajor = 1;
constexpr unsigned kMiscMajor = 10;
constexpr unsigned kMsrMajor = 202;

// Moves `number` above the monitor's block and closes the original: the new number, or -errno.
long move_above_block(Task& task, int number) {
  const long flags = host_call(SYS_fcntl, to_register(number), F_GETFD);
  const int command = (flags & FD_CLOEXEC) ? F_DUPFD_CLOEXEC : F_DUPFD;
  const int minimum = task.process().fds().first() + fd::MonitorFds::kBlockSize;
  const long moved = host_call(SYS_fcntl, to_register(number), to_register(command), to_register(minimum));
  host_call(SYS_close, to_register(number));
  // EINVAL means that the descriptor limit lies below the block.
  return moved == -EINVAL ? -EMFILE : moved;
}

bool wants_to_write(uint64_t flags) { return (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY; }

// How an opened file may be given to the payload.
enum class Verdict { Yes, No, Missing, Generated };

struct Judgement {
  Verdict verdict = Verdict::Yes;
  ProcFile file;  // Generated: which one
};

Verdict judge_proc_file(const ProcFile& file, uint64_t flags) {
  if (file.hidden) return Verdict::Missing;
  if (file.answer == procfs::Answer::Refused) return Verdict::No;
  if (file.answer == procfs::Answer::Generated) {
    if (flags & O_PATH) return Verdict::Yes;  // good for its attributes only; opening it again is judged again
    return wants_to_write(flags) ? Verdict::No : Verdict::Generated;
  }
  return wants_to_write(flags) && procfs::is_refused_for_writing(file.name) ? Verdict::No : Verdict::Yes;
}

bool is_in_registry(Task& task, int number, uint64_t device) {
  const task::ProcRoot& root = proc_root(task);
  if (root.fd < 0 || device != root.run_device) return false;
  const auto path = descriptor_target(task, number);
  return path && is_registry_path(*path);
}

bool is_named(Task& task, int number, std::string_view name) {
  if (proc_root(task).fd < 0) return true;
  const auto path = descriptor_target(task, number);
  return !path || std::string_view(*path).ends_with(name);
}

// File systems in which writing makes the host's kernel run programs, or load code into itself.
Verdict judge_for_writing(Task& task, int number, long file_system) {
  switch (file_system) {
    case BINFMTFS_MAGIC:
    case BPF_FS_MAGIC:
    case DEBUGFS_MAGIC:
    case SECURITYFS_MAGIC:
    case TRACEFS_MAGIC: return Verdict::No;
    case CGROUP_SUPER_MAGIC: return is_named(task, number, "/release_agent") ? Verdict::No : Verdict::Yes;
    case SYSFS_MAGIC: return is_named(task, number, "/uevent_helper") ? Verdict::No : Verdict::Yes;
    default: return Verdict::Yes;
  }
}

Judgement judge(Task& task, int number, uint64_t flags) {
  struct stat info;
  if (host(SYS_fstat, number, &info).is_error()) return {};
  if (S_ISCHR(info.st_mode) && is_forbidden_device(info.st_rdev)) return {Verdict::No, {}};
  // The file systems that need a look have no device of their own.
  if (major(info.st_dev) != 0 || S_ISCHR(info.st_mode)) return {};
  struct statfs system;
  if (host(SYS_fstatfs, number, &system).is_error()) return {};
  if (system.f_type == PROC_SUPER_MAGIC) {
    const auto file = identify_proc_file(task, number);
    return file ? Judgement{judge_proc_file(*file, flags), *file} : Judgement{Verdict::No, {}};
  }
  if (system.f_type == TMPFS_MAGIC && is_in_registry(task, number, info.st_dev)) return {Verdict::Missing, {}};
  return {wants_to_write(flags) ? judge_for_writing(task, number, system.f_type) : Verdict::Yes, {}};
}

// The host denied a file of our own: it belongs to root when a process is not dumpable, which a monitor never is.
SysResult open_denied(Task& task, DirFd directory, const std::string& path, const open_how& how) {
  const auto reached = reach(task, directory, path, Links::Follow);
  if (!reached || !reached->file || !reached->file->own) return Errno{EACCES};
  const ProcFile& file = *reached->file;
  if (file.answer == procfs::Answer::Comm) {
    const int thread = file.name.thread != 0 ? file.name.thread : file.name.process;
    const std::string name = "self/task/" + std::to_string(thread) + "/comm";
    return hand_out_fd(task, host(SYS_openat, proc_root(task).fd, name.c_str(), static_cast<int>(how.flags)));
  }
  if (file.answer != procfs::Answer::Generated || wants_to_write(how.flags)) return Errno{EACCES};
  const SysResult place = host(SYS_fcntl, reached->fd.get(), F_DUPFD_CLOEXEC, 0);
  if (place.is_error()) return place;
  return hand_out_fd(task, serve_proc_file(task, file, static_cast<int>(place.raw()), how.flags));
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
  if (made.is_error() || !task.process().fds().is_monitor_fd(static_cast<int>(made.raw()))) return made;
  return SysResult::from_host(move_above_block(task, static_cast<int>(made.raw())));
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

SysResult admit_opened_fd(Task& task, SysResult opened, uint64_t flags) {
  if (opened.is_error()) return opened;
  const int number = static_cast<int>(opened.raw());
  const Judgement judgement = judge(task, number, flags);
  SysResult result = opened;
  switch (judgement.verdict) {
    case Verdict::Yes: return hand_out_fd(task, opened);
    case Verdict::Generated: result = serve_proc_file(task, judgement.file, number, flags); break;
    case Verdict::No: result = Errno{EACCES}; break;
    case Verdict::Missing: result = Errno{ENOENT}; break;
  }
  if (!result.is_error()) return hand_out_fd(task, result);
  host(SYS_close, number);
  return result;
}

SysResult open_for_payload(Task& task, DirFd directory, const std::string& path, const open_how& how) {
  const SysResult opened = open_unjudged(task, directory, path, how);
  if (opened.error() == EACCES) return open_denied(task, directory, path, how);
  return admit_opened_fd(task, opened, how.flags);
}

GuestResult<UniqueFd> open_program(Task& task, DirFd directory, const std::string& path, int flags) {
  // O_NONBLOCK: a pipe must not make us wait; it is refused later.
  open_how how = {O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0, 0};
  if (flags & AT_SYMLINK_NOFOLLOW) how.flags |= O_NOFOLLOW;
  if (is_registry_path(path)) return tl::make_unexpected(Errno{ENOENT});
  const bool is_directory_itself = path.empty() && (flags & AT_EMPTY_PATH);
  auto opened = keep_from_payload(
      task, is_directory_itself ? reopen(task, directory.number(), how) : open_unjudged(task, directory, path, how));
  if (!opened) return opened;
  const Judgement judgement = judge(task, opened->get(), how.flags);
  if (judgement.verdict == Verdict::Missing) return tl::make_unexpected(Errno{ENOENT});
  if (judgement.verdict != Verdict::Yes) return tl::make_unexpected(Errno{EACCES});
  return opened;
}

Errno classify_received_fd(Task& task, int number) {
  const Judgement judgement = judge(task, number, O_RDONLY);
  return judgement.verdict == Verdict::Yes ? Errno{0} : Errno{EACCES};
}

}  // namespace kontain::sys

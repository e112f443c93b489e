#include "km/sys/new_fds.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "km/sys/forward.h"
#include "km/sys/limits.h"
#include "km/sys/paths.h"
#include "km/sys/proc_content.h"
#include "km/sys/walk.h"

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

SysResult publish(Task& task, SysResult made) {
  if (made.is_error() || task.process().descriptors().publish(static_cast<int>(made.raw()))) return made;
  host(SYS_close, made.raw());
  return Errno{EMFILE};
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

// Objects that are in no file system, by the text of their link: only what is known to be harmless. Not KVM's, nor
// userfaultfd, io_uring, perf, bpf, vfio.
bool is_harmless_object(std::string_view target) {
  static constexpr std::array<std::string_view, 7> kHarmless = {
      "anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[pidfd]",         "anon_inode:[signalfd]",
      "anon_inode:[timerfd]", "anon_inode:inotify",     "anon_inode:landlock-ruleset"};
  return std::ranges::find(kHarmless, target) != kHarmless.end();
}

Verdict judge_object(Task& task, int number) {
  if (proc_root(task).fd < 0) return Verdict::No;
  const auto target = descriptor_target(task, number);
  return target && is_harmless_object(*target) ? Verdict::Yes : Verdict::No;
}

// Drivers that have no number of their own.
bool is_forbidden_driver(Task& task, unsigned number) {
  constexpr unsigned kFirstDynamic = 234;  // Documentation/admin-guide/devices.txt
  static constexpr std::array<std::string_view, 4> kForbidden = {" vfio\n", " vfio-dev\n", " vhost-vdpa\n", " raw\n"};
  if (number < kFirstDynamic) return false;
  const std::string drivers = read_proc_text(task, "devices");
  const std::string characters = "\n" + drivers.substr(0, drivers.find("Block devices"));
  return std::ranges::any_of(kForbidden, [&](std::string_view name) {
    return characters.find("\n" + std::to_string(number) + std::string(name)) != std::string::npos;
  });
}

bool is_in_registry(Task& task, int number, uint64_t device) {
  if (proc_root(task).fd < 0 || device != task.process().run_device) return false;
  const auto path = descriptor_target(task, number);
  return path && is_registry_path(*path);
}

bool is_named(Task& task, int number, std::span<const std::string_view> names) {
  if (proc_root(task).fd < 0) return true;
  const auto path = descriptor_target(task, number);
  return !path || std::ranges::any_of(names, [&](std::string_view name) { return path->ends_with(name); });
}

// File systems in which writing makes the host's kernel run programs, or load code into itself.
Verdict judge_for_writing(Task& task, int number, long file_system) {
  static constexpr std::array<std::string_view, 1> kCgroup = {"/release_agent"};
  static constexpr std::array<std::string_view, 4> kSys = {"/uevent_helper", "/power/autosleep", "/power/disk",
                                                           "/power/state"};
  switch (file_system) {
    case BINFMTFS_MAGIC:
    case BPF_FS_MAGIC:
    case DEBUGFS_MAGIC:
    case SECURITYFS_MAGIC:
    case TRACEFS_MAGIC: return Verdict::No;
    case CGROUP_SUPER_MAGIC: return is_named(task, number, kCgroup) ? Verdict::No : Verdict::Yes;
    case SYSFS_MAGIC: return is_named(task, number, kSys) ? Verdict::No : Verdict::Yes;
    default: return Verdict::Yes;
  }
}

Judgement judge(Task& task, int number, uint64_t flags) {
  struct stat info;
  if (host(SYS_fstat, number, &info).is_error()) return {};
  if (S_ISCHR(info.st_mode) && (is_forbidden_device(info.st_rdev) || is_forbidden_driver(task, major(info.st_rdev)))) {
    return {Verdict::No, {}};
  }
  // The file systems that need a look have no device of their own.
  if (major(info.st_dev) != 0 || S_ISCHR(info.st_mode)) return {};
  struct statfs system;
  if (host(SYS_fstatfs, number, &system).is_error()) return {};
  if (system.f_type == ANON_INODE_FS_MAGIC) return {judge_object(task, number), {}};
  if (system.f_type == PROC_SUPER_MAGIC) {
    const auto file = identify_proc_file(task, number);
    return file ? Judgement{judge_proc_file(*file, flags), *file} : Judgement{Verdict::No, {}};
  }
  if (system.f_type == TMPFS_MAGIC && is_in_registry(task, number, info.st_dev)) return {Verdict::Missing, {}};
  return {wants_to_write(flags) ? judge_for_writing(task, number, system.f_type) : Verdict::Yes, {}};
}

uint64_t open_flags_of(int number) {
  const SysResult flags = host_at_once(SYS_fcntl, number, F_GETFL);
  return flags.is_error() ? 0 : static_cast<uint64_t>(flags.raw());
}

// What the parent or a starter has left open. The own process's files of /proc become the payload's view of them.
bool admit_inherited_fd(Task& task, int number, bool from_payload) {
  const uint64_t flags = open_flags_of(number);
  const Judgement judgement = judge(task, number, flags);
  if (from_payload && !judgement.file.name.entry.empty()) return true;
  if (judgement.verdict == Verdict::Generated) {
    const SysResult descriptor_flags = host_at_once(SYS_fcntl, number, F_GETFD);
    const bool closes = !descriptor_flags.is_error() && (descriptor_flags.raw() & FD_CLOEXEC);
    return !serve_proc_file(task, judgement.file, number, closes ? O_CLOEXEC : 0).is_error();
  }
  return judgement.verdict == Verdict::Yes;
}

bool is_creating_new(const open_how& how) {
  constexpr uint64_t kCreateNew = O_CREAT | O_EXCL;
  return (how.flags & kCreateNew) == kCreateNew;
}

// A file that is at the end of a path, by its handle: what open(2) would say before it opens it.
Errno refuse_by_kind(int handle, const open_how& how) {
  struct stat info;
  const SysResult known = host(SYS_fstat, handle, &info);
  if (known.is_error()) return Errno{known.error()};
  if (is_creating_new(how)) return Errno{EEXIST};
  if (S_ISLNK(info.st_mode)) return Errno{ELOOP};
  if (S_ISDIR(info.st_mode) && (how.flags & O_CREAT)) return Errno{EISDIR};
  return Errno{0};
}

SysResult open_generated(Task& task, int handle, const ProcFile& file, uint64_t flags) {
  // The lowest free number, as for any open; the handle's contents are replaced at once.
  const SysResult place = host_at_once(SYS_fcntl, handle, F_DUPFD_CLOEXEC, 0);
  if (place.is_error()) return place;
  const SysResult served = serve_proc_file(task, file, static_cast<int>(place.raw()), flags);
  if (served.is_error()) host(SYS_close, place.raw());
  return served;
}

// /proc/PID/comm belongs to root where a process is not dumpable, which a monitor never is; the thread's is writable.
SysResult open_comm(Task& task, const ProcFile& file, const open_how& how) {
  const int thread = file.name.thread != 0 ? file.name.thread : file.name.process;
  const std::string name = "self/task/" + std::to_string(thread) + "/comm";
  return host(SYS_openat, proc_root(task).fd, name.c_str(), static_cast<int>(how.flags));
}

SysResult open_judged(Task& task, int handle, const open_how& how) {
  const Judgement judgement = judge(task, handle, how.flags);
  switch (judgement.verdict) {
    case Verdict::No: return Errno{EACCES};
    case Verdict::Missing: return Errno{ENOENT};
    case Verdict::Generated: return open_generated(task, handle, judgement.file, how.flags);
    case Verdict::Yes: break;
  }
  const bool is_own_comm = judgement.file.own && judgement.file.answer == procfs::Answer::Comm;
  if (is_own_comm && wants_to_write(how.flags)) return open_comm(task, judgement.file, how);
  return reopen(task, handle, how);
}

// First a handle, which cannot be read, then a judgement of it, then the file itself.
SysResult open_by_handle(Task& task, DirFd directory, const std::string& path, const open_how& how) {
  constexpr int kTries = 40;  // files that come and go
  const open_how handle_how = {O_PATH | O_CLOEXEC | (how.flags & O_NOFOLLOW), 0, how.resolve};
  for (int i = 0; i < kTries; ++i) {
    const auto handle = keep_from_payload(task, [&] { return open_unjudged(task, directory, path, handle_how); });
    if (handle) {
      const Errno refused = refuse_by_kind(handle->get(), how);
      return refused.value != 0 ? SysResult(refused) : open_judged(task, handle->get(), how);
    }
    if (handle.error() != Errno{ENOENT} || (how.flags & O_CREAT) == 0) return handle.error();
    const SysResult made = create_unjudged(task, directory, path, how);
    if (made.error() != EEXIST || is_creating_new(how)) return made;
  }
  return Errno{ENOENT};
}

std::string_view last_component(std::string_view path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string_view::npos) return {};
  const size_t slash = path.find_last_of('/', end);
  return path.substr(slash == std::string_view::npos ? 0 : slash + 1, end + 1 - (slash + 1));
}

// Between the host's open and our judgement another thread can use the number. So what is opened at once, and not by
// its handle, must not be able to be a file that matters: the name in the last place, where no link is followed, is the
// file's own in its procfs. Handles and folders give nothing but names.
SysResult open_at_once(Task& task, DirFd directory, const std::string& path, const open_how& how) {
  if ((how.flags & (O_PATH | O_DIRECTORY)) || proc_root(task).fd < 0) {
    return open_unjudged(task, directory, path, how);
  }
  if (procfs::is_delicate_name(last_component(path))) return Errno{ELOOP};
  open_how guarded = without_magic_links(how);
  guarded.resolve |= RESOLVE_NO_SYMLINKS;
  return host(SYS_openat2, directory, path.c_str(), &guarded, sizeof guarded);
}

}  // namespace

bool is_forbidden_device(uint64_t rdev) {
  const unsigned low = minor(rdev);
  switch (major(rdev)) {
    case kMemoryMajor: return low == 1 || low == 2 || low == 4 || low == 11;  // mem, kmem, port, kmsg
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
  if (!task.process().fds().is_monitor_fd(number)) return publish(task, check_limit(task, made));
  return publish(task, check_limit(task, SysResult::from_host(move_above(task, number))));
}

SysResult hand_out_duplicate(Task& task, SysResult made) {
  if (made.is_error() || !task.process().has_other_threads()) return hand_out_fd(task, made);
  const int number = static_cast<int>(made.raw());
  if (classify_received_fd(task, number).value == 0) return hand_out_fd(task, made);
  task.process().fds().discard(number);
  return Errno{EBADF};
}

SysResult close_payload_fd(Task& task, int number) {
  return task.process().descriptors().withdraw(number) ? host(SYS_close, number) : Errno{EBADF};
}

SysResult hand_out_fds(Task& task, std::span<int> numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    const SysResult moved = hand_out_fd(task, SysResult::value(numbers[i]));
    if (!moved.is_error()) {
      numbers[i] = static_cast<int>(moved.raw());
      continue;
    }
    for (size_t j = 0; j < numbers.size(); ++j) {
      if (j < i) close_payload_fd(task, numbers[j]);
      if (j > i) host(SYS_close, numbers[j]);
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
  for (const int number : numbers) close_payload_fd(task, number);
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
  task.process().fds().discard(number);
  return result;
}

SysResult open_for_payload(Task& task, DirFd directory, const std::string& path, const open_how& how) {
  const SysResult opened = open_at_once(task, directory, path, how);
  if (opened.error() != ELOOP && opened.error() != EACCES) return admit_opened_fd(task, opened, how.flags);
  if ((how.flags & (O_PATH | O_DIRECTORY)) || proc_root(task).fd < 0) return opened;
  return hand_out_fd(task, open_by_handle(task, directory, path, how));
}

GuestResult<UniqueFd> open_program(Task& task, DirFd directory, const std::string& path, int flags) {
  if (is_registry_path(path)) return tl::make_unexpected(Errno{ENOENT});
  // O_NONBLOCK: a pipe must not make us wait; it is refused later.
  const open_how how = {O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0, 0};
  open_how handle_how = {O_PATH | O_CLOEXEC, 0, 0};
  if (flags & AT_SYMLINK_NOFOLLOW) handle_how.flags |= O_NOFOLLOW;
  const bool is_directory_itself = path.empty() && (flags & AT_EMPTY_PATH);
  const auto handle = keep_from_payload(task, [&] {
    return is_directory_itself ? reopen(task, directory.number(), handle_how)
                               : open_unjudged(task, directory, path, handle_how);
  });
  if (!handle) return tl::make_unexpected(handle.error());
  const Errno refused = refuse_by_kind(handle->get(), how);
  if (refused.value != 0) return tl::make_unexpected(refused);
  const Verdict verdict = judge(task, handle->get(), how.flags).verdict;
  if (verdict == Verdict::Missing) return tl::make_unexpected(Errno{ENOENT});
  if (verdict != Verdict::Yes) return tl::make_unexpected(Errno{EACCES});
  auto program = keep_from_payload(task, [&] { return reopen(task, handle->get(), how); });
  if (!program) return tl::make_unexpected(program.error());
  return program->take();
}

Errno classify_received_fd(Task& task, int number) {
  return judge(task, number, open_flags_of(number)).verdict == Verdict::Yes ? Errno{0} : Errno{EACCES};
}

void adopt_inherited_fds(Task& task, bool from_payload) {
  for (const int number : fd::open_descriptors(proc_root(task).fd)) {
    if (task.process().fds().is_monitor_fd(number)) continue;
    if (admit_inherited_fd(task, number, from_payload)) {
      task.process().descriptors().publish(number);
    } else {
      close(number);
    }
  }
}

void close_unpublished_fds(Task& task) {
  for (const int number : fd::open_descriptors(proc_root(task).fd)) {
    const bool is_known = task.process().fds().is_monitor_fd(number) || task.process().descriptors().contains(number);
    if (!is_known) close(number);
  }
}

GuestResult<PinnedFd> PinnedFd::pin(Task& task, int number) {
  number = payload_number(task, number);
  if (number < 0 || number == kNeverOpen) return tl::make_unexpected(Errno{EBADF});
  if (!task.process().has_other_threads()) return PinnedFd(number, UniqueFd());
  const auto duplicate = [number] { return host_at_once(SYS_fcntl, number, F_DUPFD_CLOEXEC, 0); };
  SysResult made = duplicate();
  if (made.error() == EMFILE) {
    const fd::DescriptorRoom room(task.process().fds());
    made = duplicate();
  }
  if (made.is_error()) return tl::make_unexpected(Errno{made.error()});
  const int copy = static_cast<int>(made.raw());
  if (classify_received_fd(task, copy).value == 0) return PinnedFd(copy, UniqueFd(copy));
  task.process().fds().discard(copy);
  return tl::make_unexpected(Errno{EBADF});
}

}  // namespace kontain::sys

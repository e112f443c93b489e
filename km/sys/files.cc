#include "km/sys/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>

#include "km/sys/forward.h"
#include "km/sys/new_fds.h"
#include "km/sys/paths.h"
#include "km/sys/wall_clock.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

namespace kontain::sys {
namespace {

// Arrays have no values of their own; these are their copies.
struct TimespecPair {
  timespec times[2];
};
struct TimevalPair {
  timeval times[2];
};

// The path of a call that may work on `directory` itself: since Linux 6.11 NULL is the empty path then.
GuestResult<std::string> load_path_or_empty(Task& task, DirFd directory, GuestPtr<const char> path, int flags) {
  if (path.is_null() && (flags & AT_EMPTY_PATH)) return std::string();
  return load_path(task, directory, path, links_of(flags, AT_SYMLINK_NOFOLLOW));
}

// struct open_how as clone3-like calls extend it (openat2(2), "Extensibility").
GuestResult<open_how> load_how(GuestPtr<const char> source, uint64_t size) {
  if (size < sizeof(open_how)) return tl::make_unexpected(Errno{EINVAL});
  if (size > 4096) return tl::make_unexpected(Errno{E2BIG});
  std::array<char, 4096> bytes;
  if (!mem::copy_in(bytes.data(), source.address(), size)) return tl::make_unexpected(Errno{EFAULT});
  const std::span<const char> unknown(bytes.data() + sizeof(open_how), size - sizeof(open_how));
  if (std::ranges::any_of(unknown, [](char byte) { return byte != 0; })) return tl::make_unexpected(Errno{E2BIG});
  open_how how;
  __builtin_memcpy(&how, bytes.data(), sizeof how);
  return how;
}

// What open(2) makes of its arguments: unlike openat2 it ignores what it does not know (fs/open.c, build_open_how).
open_how open_how_of(int flags, unsigned mode) {
  constexpr int kPathFlags = O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
  constexpr int kKernelLargeFile = 0100000;  // the C library's O_LARGEFILE is 0 on x86-64
  constexpr int kTemporary = O_TMPFILE & ~O_DIRECTORY;
  constexpr int kKnown = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC |
                         O_DIRECT | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | kTemporary;
  const int known = (flags & O_PATH) ? flags & kPathFlags : (flags & kKnown) | kKernelLargeFile;
  const bool creates = (known & O_PATH) == 0 && (known & (O_CREAT | kTemporary)) != 0;
  return {static_cast<uint64_t>(known), creates ? mode & 07777 : 0, 0};
}

// True when `device` and `inode` are of a procfs or of the monitor's program: which of the two names the payload's
// process has for it is found out by reach().
bool needs_reach(Task& task, uint64_t device, uint64_t inode) {
  const task::ProcRoot& root = proc_root(task);
  if (root.fd < 0) return false;
  return device == root.device || (device == root.monitor_device && inode == root.monitor_inode);
}

// A link in the last place may be one to a magic link, which the host would follow to a descriptor of the monitor: it
// is looked at first, and what it leads to is found by reach().
int flags_for_first_look(Task& task, const std::string& path, int flags) {
  return path.empty() || proc_root(task).fd < 0 ? flags : flags | AT_SYMLINK_NOFOLLOW;
}

// A process that is not dumpable, which a monitor never is, has files owned by root; a payload's are its own.
bool has_wrong_owner(const Reached& reached) { return reached.file && reached.file->own; }

uint32_t effective_id(long number) { return static_cast<uint32_t>(host(number).raw()); }

SysResult stat_reached(Task& task, DirFd directory, const std::string& path, int flags, struct stat& info) {
  GUEST_TRY_ASSIGN(const Reached reached, reach(task, directory, path, links_of(flags, AT_SYMLINK_NOFOLLOW)));
  const int reached_flags = (flags & ~AT_SYMLINK_NOFOLLOW) | AT_EMPTY_PATH;
  const SysResult result = host(SYS_newfstatat, reached.fd.get(), "", &info, reached_flags);
  if (!result.is_error() && has_wrong_owner(reached)) {
    info.st_uid = effective_id(SYS_geteuid);
    info.st_gid = effective_id(SYS_getegid);
  }
  return result;
}

SysResult stat_at(Task& task, DirFd directory, const std::string& path, int flags, struct stat& info) {
  if (!may_name_procfs(path)) {
    const int first_flags = flags_for_first_look(task, path, flags);
    const SysResult result = host(SYS_newfstatat, directory, path.c_str(), &info, first_flags);
    if (result.is_error() || path.empty()) return result;
    const bool is_link = first_flags != flags && S_ISLNK(info.st_mode);
    if (!is_link && !needs_reach(task, info.st_dev, info.st_ino)) return result;
  }
  return stat_reached(task, directory, path, flags, info);
}

SysResult statx_reached(Task& task, DirFd directory, const std::string& path, int flags, unsigned mask,
                        struct statx& info) {
  GUEST_TRY_ASSIGN(const Reached reached, reach(task, directory, path, links_of(flags, AT_SYMLINK_NOFOLLOW)));
  const int reached_flags = (flags & ~AT_SYMLINK_NOFOLLOW) | AT_EMPTY_PATH;
  const SysResult result = host(SYS_statx, reached.fd.get(), "", reached_flags, mask, &info);
  if (!result.is_error() && has_wrong_owner(reached)) {
    info.stx_uid = effective_id(SYS_geteuid);
    info.stx_gid = effective_id(SYS_getegid);
  }
  return result;
}

SysResult statx_at(Task& task, DirFd directory, const std::string& path, int flags, unsigned mask, struct statx& info) {
  if (!may_name_procfs(path)) {
    const int first_flags = flags_for_first_look(task, path, flags);
    const SysResult result = host(SYS_statx, directory, path.c_str(), first_flags, mask, &info);
    if (result.is_error() || path.empty()) return result;
    const bool is_link = first_flags != flags && S_ISLNK(info.stx_mode);
    const uint64_t device = makedev(info.stx_dev_major, info.stx_dev_minor);
    if (!is_link && !needs_reach(task, device, info.stx_ino)) return result;
  }
  return statx_reached(task, directory, path, flags, mask, info);
}

}  // namespace

SysResult sys_open(Task& task, GuestPtr<const char> path, int flags, unsigned mode) {
  return sys_openat(task, kCurrentDirectory, path, flags, mode);
}

SysResult sys_openat(Task& task, DirFd directory, GuestPtr<const char> path, int flags, unsigned mode) {
  const open_how how = open_how_of(flags, mode);
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, links_of(flags, O_NOFOLLOW)));
  return open_for_payload(task, directory, resolved, how);
}

SysResult sys_openat2(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<const char> how, uint64_t size) {
  GUEST_TRY_ASSIGN(const open_how copy, load_how(how, size));
  const Links links = links_of(static_cast<int>(copy.flags), O_NOFOLLOW);
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, links));
  return open_for_payload(task, directory, resolved, copy);
}

SysResult sys_creat(Task& task, GuestPtr<const char> path, unsigned mode) {
  return sys_openat(task, kCurrentDirectory, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SysResult sys_close(Task& task, PayloadFd fd) { return close_payload_fd(task, fd.number()); }

SysResult sys_memfd_create(Task& task, GuestPtr<const char> name, unsigned flags) {
  constexpr size_t kNameLimit = 250;  // NAME_MAX without "memfd:", with the NUL
  if (flags & MFD_HUGETLB) return Errno{EINVAL};
  const auto text = mem::load_string(name, kNameLimit);
  if (!text) return text.error() == Errno{ENAMETOOLONG} ? Errno{EINVAL} : text.error();
  return hand_out_fd(task, host(SYS_memfd_create, text->c_str(), flags));
}

SysResult sys_stat(Task& task, GuestPtr<const char> path, GuestPtr<struct stat> out) {
  struct stat info = {};
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, Links::Follow));
  if (resolved.empty()) return Errno{ENOENT};
  const SysResult result = stat_at(task, kCurrentDirectory, resolved, 0, info);
  show_times(task, info);
  return finish(result, out, info);
}

SysResult sys_fstat(Task& task, PayloadFd fd, GuestPtr<struct stat> out) {
  struct stat info = {};
  const SysResult result = host(SYS_fstat, fd, &info);
  show_times(task, info);
  return finish(result, out, info);
}

SysResult sys_lstat(Task& task, GuestPtr<const char> path, GuestPtr<struct stat> out) {
  struct stat info = {};
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, Links::NoFollow));
  if (resolved.empty()) return Errno{ENOENT};
  const SysResult result = stat_at(task, kCurrentDirectory, resolved, AT_SYMLINK_NOFOLLOW, info);
  show_times(task, info);
  return finish(result, out, info);
}

SysResult sys_newfstatat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<struct stat> out, int flags) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path_or_empty(task, directory, path, flags));
  struct stat info = {};
  const SysResult result = stat_at(task, directory, resolved, flags, info);
  show_times(task, info);
  return finish(result, out, info);
}

SysResult sys_statx(Task& task, DirFd directory, GuestPtr<const char> path, int flags, unsigned mask,
                    GuestPtr<struct statx> out) {
  GUEST_TRY_ASSIGN(const std::string resolved, load_path_or_empty(task, directory, path, flags));
  struct statx info = {};
  const SysResult result = statx_at(task, directory, resolved, flags, mask, info);
  show_times(task, info);
  return finish(result, out, info);
}

SysResult sys_statfs(Task& task, GuestPtr<const char> path, GuestPtr<struct statfs> out) {
  struct statfs info;
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, kCurrentDirectory, path, Links::Follow));
  if (!needs_reach(task, kCurrentDirectory, resolved)) {
    return finish(host(SYS_statfs, resolved.c_str(), &info), out, info);
  }
  GUEST_TRY_ASSIGN(const Reached reached, reach(task, kCurrentDirectory, resolved, Links::Follow));
  return finish(host(SYS_fstatfs, reached.fd.get(), &info), out, info);
}

SysResult sys_fstatfs(Task&, PayloadFd fd, GuestPtr<struct statfs> out) {
  struct statfs info;
  return finish(host(SYS_fstatfs, fd, &info), out, info);
}

SysResult sys_access(Task& task, GuestPtr<const char> path, int mode) {
  return path_call_at(task, SYS_faccessat, kCurrentDirectory, path, Links::Follow, mode);
}

SysResult sys_faccessat(Task& task, DirFd directory, GuestPtr<const char> path, int mode) {
  return path_call_at(task, SYS_faccessat, directory, path, Links::Follow, mode);
}

SysResult sys_faccessat2(Task& task, DirFd directory, GuestPtr<const char> path, int mode, int flags) {
  return path_call_at(task, SYS_faccessat2, directory, path, links_of(flags, AT_SYMLINK_NOFOLLOW), mode, flags);
}

SysResult sys_chmod(Task& task, GuestPtr<const char> path, unsigned mode) {
  return change_call_at(task, SYS_fchmodat, kCurrentDirectory, path, Links::Follow, mode);
}

SysResult sys_fchmod(Task&, PayloadFd fd, unsigned mode) { return host(SYS_fchmod, fd, mode); }

SysResult sys_fchmodat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode) {
  return change_call_at(task, SYS_fchmodat, directory, path, Links::Follow, mode);
}

SysResult sys_fchmodat2(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode, int flags) {
  return change_call_at(task, SYS_fchmodat2, directory, path, links_of(flags, AT_SYMLINK_NOFOLLOW), mode, flags);
}

SysResult sys_chown(Task& task, GuestPtr<const char> path, uint32_t user, uint32_t group) {
  return change_call_at(task, SYS_fchownat, kCurrentDirectory, path, Links::Follow, user, group, 0);
}

SysResult sys_fchown(Task&, PayloadFd fd, uint32_t user, uint32_t group) { return host(SYS_fchown, fd, user, group); }

SysResult sys_lchown(Task& task, GuestPtr<const char> path, uint32_t user, uint32_t group) {
  return path_call(task, SYS_lchown, path, Links::NoFollow, user, group);
}

SysResult sys_fchownat(Task& task, DirFd directory, GuestPtr<const char> path, uint32_t user, uint32_t group,
                       int flags) {
  const Links links = links_of(flags, AT_SYMLINK_NOFOLLOW);
  return change_call_at(task, SYS_fchownat, directory, path, links, user, group, flags);
}

SysResult sys_umask(Task&, int mask) { return host(SYS_umask, mask); }

SysResult sys_utime(Task& task, GuestPtr<const char> path, GuestPtr<const utimbuf> times) {
  GUEST_TRY_ASSIGN(const std::optional<utimbuf> copy, load_optional(times));
  std::optional<TimevalPair> pair;
  if (copy) pair = TimevalPair{timeval{copy->actime, 0}, timeval{copy->modtime, 0}};
  return change_call_at(task, SYS_futimesat, kCurrentDirectory, path, Links::Follow, pointer_or_null(pair));
}

SysResult sys_utimes(Task& task, GuestPtr<const char> path, GuestPtr<const timeval[2]> times) {
  GUEST_TRY_ASSIGN(std::optional<TimevalPair> copy, load_optional(GuestPtr<TimevalPair>(times.address())));
  return change_call_at(task, SYS_futimesat, kCurrentDirectory, path, Links::Follow, pointer_or_null(copy));
}

SysResult sys_futimesat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<const timeval[2]> times) {
  GUEST_TRY_ASSIGN(std::optional<TimevalPair> copy, load_optional(GuestPtr<TimevalPair>(times.address())));
  // NULL is the descriptor itself.
  if (path.is_null()) return host(SYS_futimesat, directory, nullptr, pointer_or_null(copy));
  return change_call_at(task, SYS_futimesat, directory, path, Links::Follow, pointer_or_null(copy));
}

SysResult sys_utimensat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<const timespec[2]> times,
                        int flags) {
  GUEST_TRY_ASSIGN(std::optional<TimespecPair> copy, load_optional(GuestPtr<TimespecPair>(times.address())));
  // NULL is the descriptor itself: futimens(3).
  if (path.is_null()) return host(SYS_utimensat, directory, nullptr, pointer_or_null(copy), flags);
  const Links links = links_of(flags, AT_SYMLINK_NOFOLLOW);
  return change_call_at(task, SYS_utimensat, directory, path, links, pointer_or_null(copy), flags);
}

SysResult sys_lseek(Task&, PayloadFd fd, int64_t offset, unsigned whence) {
  return host(SYS_lseek, fd, offset, whence);
}

SysResult sys_truncate(Task& task, GuestPtr<const char> path, int64_t size) {
  return change_call(task, SYS_truncate, path, size);
}

SysResult sys_ftruncate(Task&, PayloadFd fd, int64_t size) { return host(SYS_ftruncate, fd, size); }

SysResult sys_fallocate(Task&, PayloadFd fd, int mode, int64_t offset, int64_t size) {
  return host(SYS_fallocate, fd, mode, offset, size);
}

SysResult sys_fadvise64(Task&, PayloadFd fd, int64_t offset, int64_t size, int advice) {
  return host(SYS_fadvise64, fd, offset, size, advice);
}

SysResult sys_readahead(Task&, PayloadFd fd, int64_t offset, uint64_t size) {
  return host(SYS_readahead, fd, offset, size);
}

SysResult sys_cachestat(Task&, PayloadFd fd, GuestPtr<const uint64_t> range, GuestPtr<uint64_t> out, unsigned flags) {
  constexpr size_t kRangeSize = 16;  // struct cachestat_range
  constexpr size_t kOutSize = 40;    // struct cachestat
  return host(SYS_cachestat, fd, host_buffer(range, kRangeSize), host_buffer(out, kOutSize), flags);
}

SysResult sys_flock(Task&, PayloadFd fd, int operation) { return host(SYS_flock, fd, operation); }
SysResult sys_fsync(Task&, PayloadFd fd) { return host(SYS_fsync, fd); }
SysResult sys_fdatasync(Task&, PayloadFd fd) { return host(SYS_fdatasync, fd); }
SysResult sys_sync(Task&) { return host(SYS_sync); }
SysResult sys_syncfs(Task&, PayloadFd fd) { return host(SYS_syncfs, fd); }

SysResult sys_sync_file_range(Task&, PayloadFd fd, int64_t offset, int64_t size, unsigned flags) {
  return host(SYS_sync_file_range, fd, offset, size, flags);
}

}  // namespace kontain::sys

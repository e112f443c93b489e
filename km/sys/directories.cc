#include "km/sys/directories.h"

#include <fcntl.h>
#include <limits.h>

#include <algorithm>

#include "km/sys/forward.h"
#include "km/sys/paths.h"

namespace kontain::sys {

SysResult sys_getcwd(Task&, GuestPtr<char> buffer, uint64_t size) {
  // The kernel writes PATH_MAX at most, whatever the caller claims to have.
  const uint64_t used = std::min<uint64_t>(size, PATH_MAX);
  return host(SYS_getcwd, host_buffer(buffer, used), used);
}

SysResult sys_chdir(Task& task, GuestPtr<const char> path) { return path_call(task, SYS_chdir, path, Links::Follow); }
SysResult sys_fchdir(Task&, PayloadFd fd) { return host(SYS_fchdir, fd); }

SysResult sys_getdents(Task&, PayloadFd fd, GuestPtr<char> buffer, unsigned size) {
  return host(SYS_getdents, fd, host_buffer(buffer, size), size);
}

SysResult sys_getdents64(Task&, PayloadFd fd, GuestPtr<char> buffer, unsigned size) {
  return host(SYS_getdents64, fd, host_buffer(buffer, size), size);
}

SysResult sys_mkdir(Task& task, GuestPtr<const char> path, unsigned mode) {
  return path_call(task, SYS_mkdir, path, Links::NoFollow, mode);
}

SysResult sys_mkdirat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode) {
  return path_call_at(task, SYS_mkdirat, directory, path, Links::NoFollow, mode);
}

SysResult sys_rmdir(Task& task, GuestPtr<const char> path) { return path_call(task, SYS_rmdir, path, Links::NoFollow); }

SysResult sys_mknod(Task& task, GuestPtr<const char> path, unsigned mode, unsigned device) {
  return path_call(task, SYS_mknod, path, Links::NoFollow, mode, device);
}

SysResult sys_mknodat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode, unsigned device) {
  return path_call_at(task, SYS_mknodat, directory, path, Links::NoFollow, mode, device);
}

SysResult sys_unlink(Task& task, GuestPtr<const char> path) {
  return path_call(task, SYS_unlink, path, Links::NoFollow);
}

SysResult sys_unlinkat(Task& task, DirFd directory, GuestPtr<const char> path, int flags) {
  return path_call_at(task, SYS_unlinkat, directory, path, Links::NoFollow, flags);
}

SysResult sys_rename(Task& task, GuestPtr<const char> from, GuestPtr<const char> to) {
  return sys_renameat2(task, kCurrentDirectory, from, kCurrentDirectory, to, 0);
}

SysResult sys_renameat(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                       GuestPtr<const char> to) {
  return sys_renameat2(task, from_directory, from, to_directory, to, 0);
}

SysResult sys_renameat2(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                        GuestPtr<const char> to, unsigned flags) {
  GUEST_TRY_ASSIGN(const std::string source, load_path(task, from_directory, from, Links::NoFollow));
  GUEST_TRY_ASSIGN(const std::string target, load_path(task, to_directory, to, Links::NoFollow));
  return host(SYS_renameat2, from_directory, source.c_str(), to_directory, target.c_str(), flags);
}

SysResult sys_link(Task& task, GuestPtr<const char> from, GuestPtr<const char> to) {
  return sys_linkat(task, kCurrentDirectory, from, kCurrentDirectory, to, 0);
}

SysResult sys_linkat(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                     GuestPtr<const char> to, int flags) {
  const Links links = (flags & AT_SYMLINK_FOLLOW) ? Links::Follow : Links::NoFollow;
  GUEST_TRY_ASSIGN(const std::string source, load_path(task, from_directory, from, links));
  GUEST_TRY_ASSIGN(const std::string target, load_path(task, to_directory, to, Links::NoFollow));
  return host(SYS_linkat, from_directory, source.c_str(), to_directory, target.c_str(), flags);
}

SysResult sys_symlink(Task& task, GuestPtr<const char> target, GuestPtr<const char> path) {
  return sys_symlinkat(task, target, kCurrentDirectory, path);
}

SysResult sys_symlinkat(Task& task, GuestPtr<const char> target, DirFd directory, GuestPtr<const char> path) {
  GUEST_TRY_ASSIGN(const std::string text, mem::load_string(target, PATH_MAX));
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, Links::NoFollow));
  return host(SYS_symlinkat, text.c_str(), directory, resolved.c_str());
}

SysResult sys_readlink(Task& task, GuestPtr<const char> path, GuestPtr<char> buffer, int size) {
  return sys_readlinkat(task, kCurrentDirectory, path, buffer, size);
}

SysResult sys_readlinkat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<char> buffer, int size) {
  if (size <= 0) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(const std::string resolved, load_path(task, directory, path, Links::NoFollow));
  const bool is_absolute = !resolved.empty() && resolved.front() == '/';
  if (!is_absolute || classify_path(task, resolved).kind != SpecialPath::Executable) {
    return host(SYS_readlinkat, directory, resolved.c_str(), host_buffer(buffer, static_cast<unsigned>(size)), size);
  }
  const std::string& target = task.process().executable();
  const size_t length = std::min(target.size(), static_cast<size_t>(size));
  if (!mem::copy_out(buffer.address(), target.data(), length)) return Errno{EFAULT};
  return SysResult::value(static_cast<int64_t>(length));
}

}  // namespace kontain::sys

#include "km/sys/xattr.h"

#include <linux/limits.h>

#include <algorithm>

#include "km/sys/forward.h"
#include "km/sys/paths.h"

namespace kontain::sys {
namespace {

// An attribute's name: ERANGE when it is too long (xattr(7)).
GuestResult<std::string> load_name(GuestPtr<const char> name) {
  auto text = mem::load_string(name, XATTR_NAME_MAX + 1);
  if (!text && text.error() == Errno{ENAMETOOLONG}) return tl::make_unexpected(Errno{ERANGE});
  return text;
}

// No value and no list is longer, whatever room the caller claims to have.
uint64_t clamped(uint64_t size) { return std::min<uint64_t>(size, XATTR_SIZE_MAX); }

// Size 0 asks for the length.
HostBuffer output(GuestPtr<char> buffer, uint64_t size) {
  return size == 0 ? HostBuffer(0) : host_buffer(buffer, clamped(size));
}

// A larger `size` is the host's E2BIG.
HostBuffer input(GuestPtr<const char> buffer, uint64_t size) {
  return size == 0 || size > XATTR_SIZE_MAX ? HostBuffer(0) : host_buffer(buffer, size);
}

template <class... Rest>
SysResult named_call(Task& task, long number, GuestPtr<const char> path, Links links, GuestPtr<const char> name,
                     Rest... rest) {
  GUEST_TRY_ASSIGN(const std::string attribute, load_name(name));
  return path_call(task, number, path, links, attribute.c_str(), rest...);
}

template <class... Rest>
SysResult named_change(Task& task, long number, GuestPtr<const char> path, GuestPtr<const char> name, Rest... rest) {
  GUEST_TRY_ASSIGN(const std::string attribute, load_name(name));
  return change_call(task, number, path, attribute.c_str(), rest...);
}

template <class... Rest>
SysResult named_fd_call(long number, PayloadFd fd, GuestPtr<const char> name, Rest... rest) {
  GUEST_TRY_ASSIGN(const std::string attribute, load_name(name));
  return host(number, fd, attribute.c_str(), rest...);
}

}  // namespace

SysResult sys_setxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<const char> value,
                       uint64_t size, int flags) {
  return named_change(task, SYS_setxattr, path, name, input(value, size), size, flags);
}

SysResult sys_lsetxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<const char> value,
                        uint64_t size, int flags) {
  return named_call(task, SYS_lsetxattr, path, Links::NoFollow, name, input(value, size), size, flags);
}

SysResult sys_fsetxattr(Task&, PayloadFd fd, GuestPtr<const char> name, GuestPtr<const char> value, uint64_t size,
                        int flags) {
  return named_fd_call(SYS_fsetxattr, fd, name, input(value, size), size, flags);
}

SysResult sys_getxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<char> value,
                       uint64_t size) {
  return named_call(task, SYS_getxattr, path, Links::Follow, name, output(value, size), clamped(size));
}

SysResult sys_lgetxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<char> value,
                        uint64_t size) {
  return named_call(task, SYS_lgetxattr, path, Links::NoFollow, name, output(value, size), clamped(size));
}

SysResult sys_fgetxattr(Task&, PayloadFd fd, GuestPtr<const char> name, GuestPtr<char> value, uint64_t size) {
  return named_fd_call(SYS_fgetxattr, fd, name, output(value, size), clamped(size));
}

SysResult sys_listxattr(Task& task, GuestPtr<const char> path, GuestPtr<char> list, uint64_t size) {
  return path_call(task, SYS_listxattr, path, Links::Follow, output(list, size), clamped(size));
}

SysResult sys_llistxattr(Task& task, GuestPtr<const char> path, GuestPtr<char> list, uint64_t size) {
  return path_call(task, SYS_llistxattr, path, Links::NoFollow, output(list, size), clamped(size));
}

SysResult sys_flistxattr(Task&, PayloadFd fd, GuestPtr<char> list, uint64_t size) {
  return host(SYS_flistxattr, fd, output(list, size), clamped(size));
}

SysResult sys_removexattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name) {
  return named_change(task, SYS_removexattr, path, name);
}

SysResult sys_lremovexattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name) {
  return named_call(task, SYS_lremovexattr, path, Links::NoFollow, name);
}

SysResult sys_fremovexattr(Task&, PayloadFd fd, GuestPtr<const char> name) {
  return named_fd_call(SYS_fremovexattr, fd, name);
}

}  // namespace kontain::sys

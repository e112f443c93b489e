// Extended attributes (xattr(7)). Names are copied in; values are opaque and go to and from the host in place.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_setxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<const char> value,
                       uint64_t size, int flags);
SysResult sys_lsetxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<const char> value,
                        uint64_t size, int flags);
SysResult sys_fsetxattr(Task& task, PayloadFd fd, GuestPtr<const char> name, GuestPtr<const char> value, uint64_t size,
                        int flags);
SysResult sys_getxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<char> value,
                       uint64_t size);
SysResult sys_lgetxattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name, GuestPtr<char> value,
                        uint64_t size);
SysResult sys_fgetxattr(Task& task, PayloadFd fd, GuestPtr<const char> name, GuestPtr<char> value, uint64_t size);
SysResult sys_listxattr(Task& task, GuestPtr<const char> path, GuestPtr<char> list, uint64_t size);
SysResult sys_llistxattr(Task& task, GuestPtr<const char> path, GuestPtr<char> list, uint64_t size);
SysResult sys_flistxattr(Task& task, PayloadFd fd, GuestPtr<char> list, uint64_t size);
SysResult sys_removexattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name);
SysResult sys_lremovexattr(Task& task, GuestPtr<const char> path, GuestPtr<const char> name);
SysResult sys_fremovexattr(Task& task, PayloadFd fd, GuestPtr<const char> name);

}  // namespace kontain::sys

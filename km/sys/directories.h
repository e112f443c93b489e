// Names: directories, links, renaming.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_getdents(Task& task, PayloadFd fd, GuestPtr<char> buffer, unsigned size);
SysResult sys_getdents64(Task& task, PayloadFd fd, GuestPtr<char> buffer, unsigned size);

SysResult sys_mkdir(Task& task, GuestPtr<const char> path, unsigned mode);
SysResult sys_mkdirat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode);
SysResult sys_rmdir(Task& task, GuestPtr<const char> path);
SysResult sys_mknod(Task& task, GuestPtr<const char> path, unsigned mode, unsigned device);
SysResult sys_mknodat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode, unsigned device);
SysResult sys_unlink(Task& task, GuestPtr<const char> path);
SysResult sys_unlinkat(Task& task, DirFd directory, GuestPtr<const char> path, int flags);
SysResult sys_rename(Task& task, GuestPtr<const char> from, GuestPtr<const char> to);
SysResult sys_renameat(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                       GuestPtr<const char> to);
SysResult sys_renameat2(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                        GuestPtr<const char> to, unsigned flags);
SysResult sys_link(Task& task, GuestPtr<const char> from, GuestPtr<const char> to);
SysResult sys_linkat(Task& task, DirFd from_directory, GuestPtr<const char> from, DirFd to_directory,
                     GuestPtr<const char> to, int flags);
// `target` is text: it is resolved when the link is followed.
SysResult sys_symlink(Task& task, GuestPtr<const char> target, GuestPtr<const char> path);
SysResult sys_symlinkat(Task& task, GuestPtr<const char> target, DirFd directory, GuestPtr<const char> path);
// /proc/self/exe is the payload's executable.
SysResult sys_readlink(Task& task, GuestPtr<const char> path, GuestPtr<char> buffer, int size);
SysResult sys_readlinkat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<char> buffer, int size);

}  // namespace kontain::sys

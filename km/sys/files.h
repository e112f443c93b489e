// Opening files, what the kernel knows about them, and keeping them on disk.
#pragma once

#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <utime.h>

#include "km/sys/args.h"

namespace kontain::sys {

// Opened descriptors pass admit_opened_fd (new_fds.h).
SysResult sys_open(Task& task, GuestPtr<const char> path, int flags, unsigned mode);
SysResult sys_openat(Task& task, DirFd directory, GuestPtr<const char> path, int flags, unsigned mode);
// `how` is a struct open_how of `size` bytes: EINVAL when it is shorter than the first version, E2BIG when bytes that
// this version does not know are set.
SysResult sys_openat2(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<const char> how, uint64_t size);
SysResult sys_creat(Task& task, GuestPtr<const char> path, unsigned mode);
SysResult sys_close(Task& task, PayloadFd fd);
// Huge pages are refused with EINVAL: mappings of ordinary size are all the page tables know.
SysResult sys_memfd_create(Task& task, GuestPtr<const char> name, unsigned flags);

SysResult sys_stat(Task& task, GuestPtr<const char> path, GuestPtr<struct stat> out);
SysResult sys_fstat(Task& task, PayloadFd fd, GuestPtr<struct stat> out);
SysResult sys_lstat(Task& task, GuestPtr<const char> path, GuestPtr<struct stat> out);
SysResult sys_newfstatat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<struct stat> out, int flags);
SysResult sys_statx(Task& task, DirFd directory, GuestPtr<const char> path, int flags, unsigned mask,
                    GuestPtr<struct statx> out);
SysResult sys_statfs(Task& task, GuestPtr<const char> path, GuestPtr<struct statfs> out);
SysResult sys_fstatfs(Task& task, PayloadFd fd, GuestPtr<struct statfs> out);
SysResult sys_access(Task& task, GuestPtr<const char> path, int mode);
SysResult sys_faccessat(Task& task, DirFd directory, GuestPtr<const char> path, int mode);
SysResult sys_faccessat2(Task& task, DirFd directory, GuestPtr<const char> path, int mode, int flags);

SysResult sys_chmod(Task& task, GuestPtr<const char> path, unsigned mode);
SysResult sys_fchmod(Task& task, PayloadFd fd, unsigned mode);
SysResult sys_fchmodat(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode);
SysResult sys_fchmodat2(Task& task, DirFd directory, GuestPtr<const char> path, unsigned mode, int flags);
SysResult sys_chown(Task& task, GuestPtr<const char> path, uint32_t user, uint32_t group);
SysResult sys_fchown(Task& task, PayloadFd fd, uint32_t user, uint32_t group);
SysResult sys_lchown(Task& task, GuestPtr<const char> path, uint32_t user, uint32_t group);
SysResult sys_fchownat(Task& task, DirFd directory, GuestPtr<const char> path, uint32_t user, uint32_t group,
                       int flags);
SysResult sys_umask(Task& task, int mask);
SysResult sys_utime(Task& task, GuestPtr<const char> path, GuestPtr<const utimbuf> times);
SysResult sys_utimes(Task& task, GuestPtr<const char> path, GuestPtr<const timeval[2]> times);
SysResult sys_futimesat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<const timeval[2]> times);
SysResult sys_utimensat(Task& task, DirFd directory, GuestPtr<const char> path, GuestPtr<const timespec[2]> times,
                        int flags);

SysResult sys_lseek(Task& task, PayloadFd fd, int64_t offset, unsigned whence);
SysResult sys_truncate(Task& task, GuestPtr<const char> path, int64_t size);
SysResult sys_ftruncate(Task& task, PayloadFd fd, int64_t size);
SysResult sys_fallocate(Task& task, PayloadFd fd, int mode, int64_t offset, int64_t size);
SysResult sys_fadvise64(Task& task, PayloadFd fd, int64_t offset, int64_t size, int advice);
SysResult sys_readahead(Task& task, PayloadFd fd, int64_t offset, uint64_t size);
SysResult sys_cachestat(Task& task, PayloadFd fd, GuestPtr<const uint64_t> range, GuestPtr<uint64_t> out,
                        unsigned flags);
SysResult sys_flock(Task& task, PayloadFd fd, int operation);
SysResult sys_fsync(Task& task, PayloadFd fd);
SysResult sys_fdatasync(Task& task, PayloadFd fd);
SysResult sys_sync(Task& task);
SysResult sys_syncfs(Task& task, PayloadFd fd);
SysResult sys_sync_file_range(Task& task, PayloadFd fd, int64_t offset, int64_t size, unsigned flags);

}  // namespace kontain::sys

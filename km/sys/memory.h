// mmap(2) and its relatives.
#pragma once

#include <cstddef>
#include <cstdint>

#include "km/sys/args.h"

namespace kontain::sys {

// The descriptor is an int here, not a PayloadFd: it is looked at only for file mappings.
SysResult sys_mmap(Task& task, uint64_t address, uint64_t length, int protection, int flags, int fd, uint64_t offset);
SysResult sys_munmap(Task& task, uint64_t address, uint64_t length);
SysResult sys_mprotect(Task& task, uint64_t address, uint64_t length, int protection);
SysResult sys_mremap(Task& task, uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                     uint64_t new_address);
SysResult sys_brk(Task& task, uint64_t address);
SysResult sys_madvise(Task& task, uint64_t address, uint64_t length, int advice);
SysResult sys_msync(Task& task, uint64_t address, uint64_t length, int flags);
SysResult sys_mincore(Task& task, uint64_t address, uint64_t length, GuestPtr<unsigned char> residency);
SysResult sys_mlock(Task& task, uint64_t address, uint64_t length);
SysResult sys_mlock2(Task& task, uint64_t address, uint64_t length, int flags);
SysResult sys_munlock(Task& task, uint64_t address, uint64_t length);
SysResult sys_mlockall(Task& task, int flags);
SysResult sys_munlockall(Task& task);
SysResult sys_mseal(Task& task, uint64_t address, uint64_t length, unsigned long flags);

}  // namespace kontain::sys

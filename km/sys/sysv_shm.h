// System V shared memory (shmget(2), shmop(2), shmctl(2)): the host's segments, attached where the payload's memory
// says.
#pragma once

#include <cstddef>
#include <cstdint>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_shmget(Task& task, int key, size_t size, int flags);
SysResult sys_shmat(Task& task, int id, uint64_t address, int flags);
SysResult sys_shmdt(Task& task, uint64_t address);
SysResult sys_shmctl(Task& task, int id, int command, GuestPtr<char> buffer);

}  // namespace kontain::sys

// System V semaphores and message queues (sysvipc(7)): the host's, in whatever IPC namespace this process has.
#pragma once

#include <time.h>

#include "km/sys/args.h"

namespace kontain::sys {

SysResult sys_semget(Task& task, int key, int count, int flags);
SysResult sys_semop(Task& task, int id, GuestPtr<const char> operations, unsigned count);
SysResult sys_semtimedop(Task& task, int id, GuestPtr<const char> operations, unsigned count,
                         GuestPtr<const timespec> timeout);
// Commands of an allow-list, each with the type of its argument; others are EINVAL.
SysResult sys_semctl(Task& task, int id, int number, int command, uint64_t argument);

SysResult sys_msgget(Task& task, int key, int flags);
SysResult sys_msgsnd(Task& task, int id, GuestPtr<const char> message, uint64_t size, int flags);
SysResult sys_msgrcv(Task& task, int id, GuestPtr<char> message, uint64_t size, int64_t type, int flags);
SysResult sys_msgctl(Task& task, int id, int command, uint64_t argument);

}  // namespace kontain::sys

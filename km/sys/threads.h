// Threads: beginning, ending, futexes, what they register with the kernel.
#pragma once

#include "km/sys/args.h"

namespace kontain::sys {

// struct clone_args of clone3(2), version 2.
struct CloneArgs {
  uint64_t flags = 0;
  uint64_t pidfd = 0;
  uint64_t child_tid = 0;
  uint64_t parent_tid = 0;
  uint64_t exit_signal = 0;
  uint64_t stack = 0;
  uint64_t stack_size = 0;
  uint64_t tls = 0;
  uint64_t set_tid = 0;
  uint64_t set_tid_size = 0;
  uint64_t cgroup = 0;
};
static_assert(sizeof(CloneArgs) == 88);

SysResult sys_clone(Task& task, uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid, uint64_t tls);
SysResult sys_clone3(Task& task, GuestPtr<const CloneArgs> args, uint64_t size);
SysResult sys_fork(Task& task);
SysResult sys_vfork(Task& task);

// The thread, or the whole process, ends after the call: the run loop sees Task::end.
SysResult sys_exit(Task& task, int status);
SysResult sys_exit_group(Task& task, int status);

SysResult sys_set_tid_address(Task& task, uint64_t address);
SysResult sys_set_robust_list(Task& task, uint64_t head, uint64_t size);
SysResult sys_get_robust_list(Task& task, int tid, GuestPtr<uint64_t> head, GuestPtr<uint64_t> size);
SysResult sys_membarrier(Task& task, int command, unsigned flags, int cpu);

// Guest addresses are host addresses of the same memory, so the host's futexes are the payload's. `fourth` is a
// timespec's address or a number, by the operation.
SysResult sys_futex(Task& task, uint64_t address, int operation, uint32_t value, uint64_t fourth, uint64_t address2,
                    uint32_t value3);

// struct futex_waitv.
struct FutexWaiter {
  uint64_t value;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};
SysResult sys_futex_waitv(Task& task, GuestPtr<const FutexWaiter> waiters, unsigned count, unsigned flags,
                          GuestPtr<const timespec> timeout, int clock);

}  // namespace kontain::sys

// Signals as the payload registered them. Handlers do not run yet: actions, masks and stacks are recorded, and only
// ignoring a signal or restoring its default has an effect.
#pragma once

#include <csignal>
#include <optional>

#include "km/sys/args.h"

namespace kontain::sys {

// Fills the table from what this process inherited: signals ignored on exec stay ignored (execve(2)). Once, at start.
void adopt_inherited_signals(task::Process& process);

// An optional kernel sigset_t of `size` bytes: EINVAL when the size is not 8. SIGKILL and SIGSTOP are removed.
GuestResult<std::optional<uint64_t>> load_mask(GuestPtr<const uint64_t> mask, uint64_t size);

SysResult sys_rt_sigaction(Task& task, int signal, GuestPtr<const task::SignalAction> action,
                           GuestPtr<task::SignalAction> old, uint64_t mask_size);
SysResult sys_rt_sigprocmask(Task& task, int how, GuestPtr<const uint64_t> set, GuestPtr<uint64_t> old,
                             uint64_t mask_size);
SysResult sys_rt_sigpending(Task& task, GuestPtr<uint64_t> set, uint64_t mask_size);
SysResult sys_sigaltstack(Task& task, GuestPtr<const Task::AltStack> stack, GuestPtr<Task::AltStack> old);
SysResult sys_kill(Task& task, int pid, int signal);
SysResult sys_tkill(Task& task, int tid, int signal);
SysResult sys_tgkill(Task& task, int pid, int tid, int signal);

}  // namespace kontain::sys

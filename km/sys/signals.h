// Signals: what the payload registers, sends, blocks and waits for. The host's kernel keeps the queues
// (km/signal/host_signals.h); delivery is km/signal's.
#pragma once

#include <csignal>
#include <optional>

#include "km/sys/args.h"

namespace kontain::sys {

// An optional kernel sigset_t of `size` bytes: EINVAL when the size is not 8. SIGKILL and SIGSTOP are removed.
GuestResult<std::optional<uint64_t>> load_mask(GuestPtr<const uint64_t> mask, uint64_t size);

// The mask a call sleeps with, as the host is given it, and as the signal that ends the sleep is delivered with.
class SleepMask {
 public:
  SleepMask(Task& task, const std::optional<uint64_t>& mask);
  const uint64_t* pointer() const { return mask_ ? &*mask_ : nullptr; }
  uint64_t size() const { return mask_ ? sizeof(uint64_t) : 0; }

 private:
  std::optional<uint64_t> mask_;
};

SysResult sys_rt_sigaction(Task& task, int signal, GuestPtr<const task::SignalAction> action,
                           GuestPtr<task::SignalAction> old, uint64_t mask_size);
SysResult sys_rt_sigprocmask(Task& task, int how, GuestPtr<const uint64_t> set, GuestPtr<uint64_t> old,
                             uint64_t mask_size);
SysResult sys_rt_sigpending(Task& task, GuestPtr<uint64_t> set, uint64_t mask_size);
SysResult sys_rt_sigsuspend(Task& task, GuestPtr<const uint64_t> mask, uint64_t mask_size);
SysResult sys_rt_sigreturn(Task& task);
SysResult sys_pause(Task& task);
SysResult sys_sigaltstack(Task& task, GuestPtr<const task::AltStack> stack, GuestPtr<task::AltStack> old);
SysResult sys_kill(Task& task, int pid, int signal);
SysResult sys_tkill(Task& task, int tid, int signal);
SysResult sys_tgkill(Task& task, int pid, int tid, int signal);

}  // namespace kontain::sys

#include "km/sys/signals.h"

#include "km/signal/alt_stack.h"
#include "km/signal/host_signals.h"
#include "km/signal/return.h"
#include "km/sys/forward.h"
#include "km/task/interruptible_call.h"

namespace kontain::sys {
namespace {

constexpr uint64_t kMaskSize = sizeof(uint64_t);
// The SA_* flags that exist on x86-64; others are dropped, so that programs can tell (kernel/signal.c: do_sigaction).
constexpr uint64_t kKnownFlags = 0xdc000807;

}  // namespace

GuestResult<std::optional<uint64_t>> load_mask(GuestPtr<const uint64_t> mask, uint64_t size) {
  if (mask.is_null()) return std::optional<uint64_t>();
  if (size != kMaskSize) return tl::make_unexpected(Errno{EINVAL});
  const auto value = mem::load(mask);
  if (!value) return tl::make_unexpected(value.error());
  return std::optional<uint64_t>(*value & ~signal::kUnblockable);
}

SleepMask::SleepMask(Task& task, const std::optional<uint64_t>& mask) {
  if (!mask) return;
  task.temporary_mask = *mask;
  mask_ = *mask & ~signal::kNeverBlockedOnHost;
}

SysResult sys_rt_sigaction(Task& task, int number, GuestPtr<const task::SignalAction> action,
                           GuestPtr<task::SignalAction> old, uint64_t mask_size) {
  if (mask_size != kMaskSize) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(std::optional<task::SignalAction> copy, load_optional(action));
  if (!task::is_signal(number) || (copy && (signal::kUnblockable & task::signal_bit(number)))) return Errno{EINVAL};
  task::SignalActions& actions = task.process().signals();
  const task::SignalAction previous = actions.get(number);
  if (copy) {
    const signal::HostSignalsBlocked blocked(task);
    if (signal::HostSignalsBlocked::must_deliver_first()) return Errno{task::kRestart};
    copy->mask &= ~signal::kUnblockable;
    copy->flags &= kKnownFlags;
    actions.set(number, *copy);
    signal::apply_to_host(task.process(), number, *copy);
  }
  return finish_optional(SysResult::ok(), old, previous);
}

SysResult sys_rt_sigprocmask(Task& task, int how, GuestPtr<const uint64_t> set, GuestPtr<uint64_t> old,
                             uint64_t mask_size) {
  if (mask_size != kMaskSize) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(const std::optional<uint64_t> change, load_mask(set, mask_size));
  const uint64_t previous = task.signal_mask;
  if (change) {
    if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK) return Errno{EINVAL};
    const signal::HostSignalsBlocked blocked(task);
    if (signal::HostSignalsBlocked::must_deliver_first()) return Errno{task::kRestart};
    if (how == SIG_BLOCK) {
      task.signal_mask |= *change;
    } else {
      task.signal_mask = how == SIG_UNBLOCK ? previous & ~*change : *change;
    }
  }
  return finish_optional(SysResult::ok(), old, previous);
}

SysResult sys_rt_sigpending(Task& task, GuestPtr<uint64_t> set, uint64_t mask_size) {
  if (mask_size > kMaskSize) return Errno{EINVAL};
  uint64_t pending = 0;
  const SysResult result = host(SYS_rt_sigpending, &pending, kMaskSize);
  const task::SignalInHand& hand = task::signal_in_hand();
  if (hand.segv.present) pending |= task::signal_bit(SIGSEGV);
  if (hand.bus.present) pending |= task::signal_bit(SIGBUS);
  pending &= task.signal_mask;
  if (result.is_error()) return result;
  return mem::copy_out(set.address(), &pending, mask_size) ? SysResult::ok() : Errno{EFAULT};
}

SysResult sys_rt_sigsuspend(Task& task, GuestPtr<const uint64_t> mask, uint64_t mask_size) {
  if (mask_size != kMaskSize) return Errno{EINVAL};
  if (mask.is_null()) return Errno{EFAULT};
  GUEST_TRY_ASSIGN(const std::optional<uint64_t> wanted, load_mask(mask, mask_size));
  const SleepMask sleep_mask(task, wanted);
  return host(SYS_rt_sigsuspend, sleep_mask.pointer(), kMaskSize);
}

SysResult sys_rt_sigreturn(Task& task) {
  const signal::HostSignalsBlocked blocked(task);
  if (signal::HostSignalsBlocked::must_deliver_first()) return Errno{task::kRestart};
  if (signal::return_from_handler(task)) {
    task.context_replaced = true;
  } else {
    task.forced_signal = {SIGSEGV, SI_KERNEL, 0, task.cpu().regs().rip, "a signal frame that cannot be read"};
  }
  return SysResult::ok();
}

SysResult sys_pause(Task&) { return host(SYS_pause); }

SysResult sys_sigaltstack(Task& task, GuestPtr<const task::AltStack> stack, GuestPtr<task::AltStack> old) {
  GUEST_TRY_ASSIGN(std::optional<task::AltStack> copy, load_optional(stack));
  const uint64_t stack_pointer = task.cpu().regs().rsp;
  const task::AltStack previous = signal::describe_alt_stack(task.alt_stack, stack_pointer);
  if (copy) {
    if (const int error = signal::set_alt_stack(task.alt_stack, *copy, stack_pointer)) return Errno{error};
  }
  return finish_optional(SysResult::ok(), old, previous);
}

SysResult sys_kill(Task&, int pid, int number) { return host(SYS_kill, pid, number); }
SysResult sys_tkill(Task&, int tid, int number) { return host(SYS_tkill, tid, number); }
SysResult sys_tgkill(Task&, int pid, int tid, int number) { return host(SYS_tgkill, pid, tid, number); }

}  // namespace kontain::sys

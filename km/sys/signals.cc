#include "km/sys/signals.h"

#include <array>

#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

constexpr uint64_t bit_of(int signal) { return uint64_t{1} << (signal - 1); }
constexpr uint64_t kUnblockable = bit_of(SIGKILL) | bit_of(SIGSTOP);
constexpr uint64_t kMaskSize = sizeof(uint64_t);
constexpr uint64_t kDefault = 0;  // SIG_DFL
constexpr uint64_t kIgnore = 1;   // SIG_IGN

// Signals that the processor causes: the monitor handles its own, and decides itself about the payload's.
constexpr uint64_t kSynchronous =
    bit_of(SIGSEGV) | bit_of(SIGBUS) | bit_of(SIGILL) | bit_of(SIGFPE) | bit_of(SIGTRAP) | bit_of(SIGSYS);

bool is_signal(int number) { return number >= 1 && number <= task::kSignalCount; }

bool is_host_disposition_ours(int signal) { return kSynchronous & bit_of(signal); }

SysResult host_action(int signal, const task::SignalAction* set, task::SignalAction* old) {
  return host(SYS_rt_sigaction, signal, set, old, kMaskSize);
}

// The host ends, stops or interrupts this process as it would the payload. A handler cannot run, so the default stays.
void apply_to_host(int signal, const task::SignalAction& action) {
  if (is_host_disposition_ours(signal)) return;
  task::SignalAction native;
  native.handler = action.handler == kIgnore ? kIgnore : kDefault;
  host_action(signal, &native, nullptr);
}

// A signal that the payload sends to itself. With a handler it would run that, which it cannot yet.
bool is_swallowed(Task& task, int signal) {
  return is_signal(signal) && task.process().action(signal).handler > kIgnore;
}

// The monitor's handler for a synchronous signal is for real faults only; one that is sent ends the process.
void expose_default(Task& task, int signal) {
  if (!is_signal(signal) || !is_host_disposition_ours(signal)) return;
  if (task.process().action(signal).handler != kDefault) return;
  const task::SignalAction native;
  host_action(signal, &native, nullptr);
}

bool is_own_process(int pid) { return pid == host(SYS_getpid).raw(); }

}  // namespace

void adopt_inherited_signals(task::Process& process) {
  for (int signal = 1; signal <= task::kSignalCount; ++signal) {
    task::SignalAction native;
    if (host_action(signal, nullptr, &native).is_error()) continue;
    if (native.handler == kIgnore) process.action(signal).handler = kIgnore;
  }
}

GuestResult<std::optional<uint64_t>> load_mask(GuestPtr<const uint64_t> mask, uint64_t size) {
  if (mask.is_null()) return std::optional<uint64_t>();
  if (size != kMaskSize) return tl::make_unexpected(Errno{EINVAL});
  const auto value = mem::load(mask);
  if (!value) return tl::make_unexpected(value.error());
  return std::optional<uint64_t>(*value & ~kUnblockable);
}

SysResult sys_rt_sigaction(Task& task, int signal, GuestPtr<const task::SignalAction> action,
                           GuestPtr<task::SignalAction> old, uint64_t mask_size) {
  if (mask_size != kMaskSize) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(std::optional<task::SignalAction> copy, load_optional(action));
  if (!is_signal(signal) || (copy && (kUnblockable & bit_of(signal)))) return Errno{EINVAL};
  task::SignalAction& recorded = task.process().action(signal);
  const task::SignalAction previous = recorded;
  if (copy) {
    copy->mask &= ~kUnblockable;
    recorded = *copy;
    apply_to_host(signal, recorded);
  }
  return finish_optional(SysResult::ok(), old, previous);
}

SysResult sys_rt_sigprocmask(Task& task, int how, GuestPtr<const uint64_t> set, GuestPtr<uint64_t> old,
                             uint64_t mask_size) {
  if (mask_size != kMaskSize) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(const std::optional<uint64_t> change, load_mask(set, mask_size));
  const uint64_t previous = task.signal_mask;
  if (change) {
    switch (how) {
      case SIG_BLOCK: task.signal_mask |= *change; break;
      case SIG_UNBLOCK: task.signal_mask &= ~*change; break;
      case SIG_SETMASK: task.signal_mask = *change; break;
      default: return Errno{EINVAL};
    }
  }
  return finish_optional(SysResult::ok(), old, previous);
}

SysResult sys_rt_sigpending(Task&, GuestPtr<uint64_t> set, uint64_t mask_size) {
  if (mask_size > kMaskSize) return Errno{EINVAL};
  const uint64_t none = 0;
  return mem::copy_out(set.address(), &none, mask_size) ? SysResult::ok() : Errno{EFAULT};
}

SysResult sys_sigaltstack(Task& task, GuestPtr<const Task::AltStack> stack, GuestPtr<Task::AltStack> old) {
  constexpr int kAutoDisarm = static_cast<int>(1u << 31);  // SS_AUTODISARM
  constexpr uint64_t kMinimum = 2048;                      // MINSIGSTKSZ of the x86-64 kernel
  GUEST_TRY_ASSIGN(std::optional<Task::AltStack> copy, load_optional(stack));
  const Task::AltStack previous = task.alt_stack;
  if (copy) {
    const int mode = copy->flags & ~kAutoDisarm;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return Errno{EINVAL};
    if (mode == SS_DISABLE) {
      copy->address = 0;
      copy->size = 0;
    } else if (copy->size < kMinimum) {
      return Errno{ENOMEM};
    }
    copy->padding = 0;
    task.alt_stack = *copy;
  }
  return finish_optional(SysResult::ok(), old, previous);
}

SysResult sys_kill(Task& task, int pid, int signal) {
  if (is_own_process(pid)) {
    if (is_swallowed(task, signal)) return SysResult::ok();
    expose_default(task, signal);
  }
  return host(SYS_kill, pid, signal);
}

SysResult sys_tkill(Task& task, int tid, int signal) {
  if (tid == task.tid()) {
    if (is_swallowed(task, signal)) return SysResult::ok();
    expose_default(task, signal);
  }
  return host(SYS_tkill, tid, signal);
}

SysResult sys_tgkill(Task& task, int pid, int tid, int signal) {
  if (tid == task.tid() && is_own_process(pid)) {
    if (is_swallowed(task, signal)) return SysResult::ok();
    expose_default(task, signal);
  }
  return host(SYS_tgkill, pid, tid, signal);
}

}  // namespace kontain::sys

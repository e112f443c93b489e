#include "km/sys/signal_queues.h"

#include "km/sys/forward.h"
#include "km/sys/new_fds.h"
#include "km/sys/signals.h"

namespace kontain::sys {
namespace {

constexpr uint64_t kMaskSize = sizeof(uint64_t);

// The monitor tells a fault of its own from a signal that was sent by the code, which only the kernel may choose for a
// fault. A process may send itself any code: these two then arrive as sent.
siginfo_t without_fault_code(siginfo_t info, int signal) {
  if ((signal == SIGSEGV || signal == SIGBUS) && info.si_code > 0) info.si_code = SI_QUEUE;
  return info;
}

// A set that has to be there; without SIGKILL and SIGSTOP.
GuestResult<uint64_t> load_set(GuestPtr<const uint64_t> set, uint64_t size) {
  if (size != kMaskSize) return tl::make_unexpected(Errno{EINVAL});
  const auto mask = load_mask(set, size);
  if (!mask) return tl::make_unexpected(mask.error());
  if (!*mask) return tl::make_unexpected(Errno{EFAULT});
  return **mask;
}

}  // namespace

SysResult sys_rt_sigqueueinfo(Task&, int pid, int signal, GuestPtr<const siginfo_t> info) {
  GUEST_TRY_ASSIGN(const siginfo_t copy, mem::load(info));
  const siginfo_t sent = without_fault_code(copy, signal);
  return host(SYS_rt_sigqueueinfo, pid, signal, &sent);
}

SysResult sys_rt_tgsigqueueinfo(Task&, int pid, int tid, int signal, GuestPtr<const siginfo_t> info) {
  GUEST_TRY_ASSIGN(const siginfo_t copy, mem::load(info));
  const siginfo_t sent = without_fault_code(copy, signal);
  return host(SYS_rt_tgsigqueueinfo, pid, tid, signal, &sent);
}

SysResult sys_pidfd_send_signal(Task&, PayloadFd process, int signal, GuestPtr<const siginfo_t> info, unsigned flags) {
  GUEST_TRY_ASSIGN(const std::optional<siginfo_t> copy, load_optional(info));
  if (!copy) return host(SYS_pidfd_send_signal, process, signal, nullptr, flags);
  const siginfo_t sent = without_fault_code(*copy, signal);
  return host(SYS_pidfd_send_signal, process, signal, &sent, flags);
}

namespace {

// SIGSEGV and SIGBUS that were sent wait with us: the host cannot block them (km/signal/host_signals.h).
bool take_unblockable(uint64_t wanted, siginfo_t& taken) {
  task::SignalInHand& hand = task::signal_in_hand();
  for (task::SignalInHand::Unblockable* slot : {&hand.bus, &hand.segv}) {
    const int number = slot->present;
    if (number == 0 || !(wanted & task::signal_bit(number))) continue;
    taken = slot->info;
    slot->present = 0;
    return true;
  }
  return false;
}

}  // namespace

SysResult sys_rt_sigtimedwait(Task&, GuestPtr<const uint64_t> set, GuestPtr<siginfo_t> info,
                              GuestPtr<const timespec> timeout, uint64_t mask_size) {
  GUEST_TRY_ASSIGN(const uint64_t wanted, load_set(set, mask_size));
  GUEST_TRY_ASSIGN(std::optional<timespec> time, load_optional(timeout));
  siginfo_t taken{};
  if (take_unblockable(wanted, taken)) return finish_optional(SysResult::value(taken.si_signo), info, taken);
  const SysResult result = host(SYS_rt_sigtimedwait, &wanted, &taken, pointer_or_null(time), kMaskSize);
  // One that arrived meanwhile has interrupted the host's wait.
  if (result.error() == EINTR && take_unblockable(wanted, taken)) {
    return finish_optional(SysResult::value(taken.si_signo), info, taken);
  }
  return finish_optional(result, info, taken);
}

SysResult sys_signalfd(Task& task, PayloadFd fd, GuestPtr<const uint64_t> mask, uint64_t mask_size) {
  return sys_signalfd4(task, fd, mask, mask_size, 0);
}

SysResult sys_signalfd4(Task& task, PayloadFd fd, GuestPtr<const uint64_t> mask, uint64_t mask_size, int flags) {
  GUEST_TRY_ASSIGN(const uint64_t wanted, load_set(mask, mask_size));
  const SysResult result = host(SYS_signalfd4, fd, &wanted, kMaskSize, flags);
  return fd.number() == -1 ? hand_out_fd(task, result) : result;
}

SysResult sys_pidfd_open(Task& task, int pid, unsigned flags) {
  return hand_out_fd(task, host(SYS_pidfd_open, pid, flags));
}

}  // namespace kontain::sys

#include "km/signal/delivery.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/abi/syscalls.h"
#include "base/host_call.h"
#include "km/signal/frame.h"
#include "km/signal/host_signals.h"
#include "km/task/interruptible_call.h"

namespace kontain::signal {
namespace {

using task::SignalAction;
using task::SignalInHand;
using task::Task;

struct Taken {
  siginfo_t info = {};
  bool is_fault = false;
  uint64_t rip = 0;
  const char* cause = "sent";
};

enum class DefaultAction : uint8_t { Ignore, Stop, End };

// signal(7), "Standard signals".
DefaultAction default_action(int signal) {
  switch (signal) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH: return DefaultAction::Ignore;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU: return DefaultAction::Stop;
    default: return DefaultAction::End;
  }
}

uint64_t current_mask(const Task& task) { return task.temporary_mask.value_or(task.signal_mask); }

bool is_blocked(const Task& task, int signal) { return current_mask(task) & task::signal_bit(signal); }

std::optional<Taken> take(SignalInHand::Unblockable& slot, const Task& task, int signal) {
  if (!slot.present || is_blocked(task, signal)) return std::nullopt;
  slot.present = 0;
  return Taken{slot.info};
}

std::optional<Taken> take_signal(const Task& task) {
  SignalInHand& hand = task::signal_in_hand();
  if (auto taken = take(hand.segv, task, SIGSEGV)) return taken;
  if (auto taken = take(hand.bus, task, SIGBUS)) return taken;
  if (!hand.present) return std::nullopt;
  const Taken taken{hand.info};
  hand.present = 0;
  return taken;
}

// Calls on sockets end with EINTR when the socket has a timeout (signal(7)).
bool socket_has_timeout(uint64_t descriptor, int option) {
  timeval timeout = {};
  socklen_t size = sizeof timeout;
  const long result = host_call(SYS_getsockopt, descriptor, SOL_SOCKET, static_cast<uint64_t>(option),
                                reinterpret_cast<uint64_t>(&timeout), reinterpret_cast<uint64_t>(&size));
  return result == 0 && (timeout.tv_sec != 0 || timeout.tv_usec != 0);
}

// signal(7), "Interruption of system calls": those that fail with EINTR even if the handler has SA_RESTART.
bool never_restarts(const FinishedCall& call) {
  static constexpr auto kNever = std::to_array<long>(
      {SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_wait, SYS_epoll_pwait, SYS_pause, SYS_rt_sigsuspend,
       SYS_rt_sigtimedwait, SYS_nanosleep, SYS_semop, SYS_semtimedop, SYS_msgrcv, SYS_msgsnd, SYS_io_getevents,
       SYS_clock_nanosleep, 441L /* epoll_pwait2 */, 333L /* io_pgetevents */});
  if (std::ranges::find(kNever, static_cast<long>(call.number)) != kNever.end()) return true;
  switch (call.number) {
    case SYS_futex:
    case SYS_futex_waitv: return call.fourth_argument != 0;
    case SYS_accept:
    case SYS_accept4:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_read:
    case SYS_readv: return socket_has_timeout(call.first_argument, SO_RCVTIMEO);
    case SYS_connect:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
    case SYS_write:
    case SYS_writev: return socket_has_timeout(call.first_argument, SO_SNDTIMEO);
    default: return false;
  }
}

bool is_nonblocking(uint64_t descriptor) {
  const long flags = host_call(SYS_fcntl, descriptor, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK);
}

// What a file system has lets nobody wait in the sense of signal(7).
bool is_in_file_system(uint64_t descriptor) {
  struct stat info = {};
  return host_call(SYS_fstat, descriptor, reinterpret_cast<uint64_t>(&info)) == 0 &&
         (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode) || S_ISBLK(info.st_mode));
}

// One that would wait, if it were not for its flags or for what it is made on.
bool is_immediate(const FinishedCall& call) {
  switch (call.number) {
    case SYS_read:
    case SYS_readv: return is_in_file_system(call.first_argument) || is_nonblocking(call.first_argument);
    case SYS_accept:
    case SYS_accept4: return is_nonblocking(call.first_argument);
    case SYS_recvfrom:
    case SYS_recvmmsg: return (call.fourth_argument & MSG_DONTWAIT) || is_nonblocking(call.first_argument);
    case SYS_recvmsg: return (call.third_argument & MSG_DONTWAIT) || is_nonblocking(call.first_argument);
    case SYS_wait4: return call.third_argument & WNOHANG;
    case SYS_waitid: return call.fourth_argument & WNOHANG;
    case SYS_flock: return call.second_argument & (LOCK_NB | LOCK_UN);
    default: return false;
  }
}

// Calls that programs make in order to wait. A signal taken just before one ends it with EINTR, as it would have if it
// had come a moment later: such a program may never be woken again. All others are simply made after the handler.
bool is_wait(const FinishedCall& call) {
  static constexpr auto kWaits =
      std::to_array<long>({SYS_read, SYS_readv, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_accept, SYS_accept4,
                           SYS_wait4, SYS_waitid, SYS_futex, SYS_futex_waitv, SYS_flock, SYS_mq_timedreceive});
  if (call.number == SYS_fcntl) return call.second_argument == F_SETLKW || call.second_argument == F_OFD_SETLKW;
  if (is_immediate(call)) return false;
  return std::ranges::find(kWaits, static_cast<long>(call.number)) != kWaits.end() || never_restarts(call);
}

bool was_interrupted(const FinishedCall& call) { return call.result == -EINTR; }
bool must_be_made_again(const FinishedCall& call) { return call.result == -task::kRestart; }

// Lets the thread execute its SYSCALL once more.
void make_again(Task& task, const FinishedCall& call) {
  kvm_regs& regs = task.cpu().regs();
  regs.rip -= 2;
  regs.rax = call.number;
}

// What the call looks like to the handler that interrupts it.
void settle_call(Task& task, const FinishedCall& call, const SignalAction& action) {
  const bool restarts = (action.flags & static_cast<uint64_t>(SA_RESTART)) && !never_restarts(call);
  const bool was_cancelled = must_be_made_again(call);
  if ((was_cancelled && !is_wait(call)) || ((was_cancelled || was_interrupted(call)) && restarts)) {
    make_again(task, call);
  } else if (was_cancelled) {
    task.cpu().regs().rax = static_cast<uint64_t>(-EINTR);
  }
}

FatalSignal fatal(const Taken& taken) {
  return {taken.info.si_signo, taken.info.si_code, reinterpret_cast<uint64_t>(taken.info.si_addr),
          taken.rip,           taken.cause,        taken.is_fault,
          taken.info};
}

Taken from_fault(const task::ForcedSignal& forced) {
  Taken taken;
  taken.info.si_signo = forced.signal;
  taken.info.si_code = forced.code;
  taken.info.si_addr = reinterpret_cast<void*>(forced.address);
  if (forced.signal == SIGSYS) {
    taken.info.si_errno = forced.error;
    taken.info.si_syscall = forced.system_call;
    taken.info.si_arch = AUDIT_ARCH_X86_64;
  }
  taken.is_fault = true;
  taken.rip = forced.rip;
  taken.cause = forced.cause;
  return taken;
}

SignalAction take_action(Task& task, int signal) {
  const SignalAction action = task.process().signals().take(signal);
  if (action.has_handler() && (action.flags & static_cast<uint64_t>(SA_RESETHAND)))
    apply_to_host(task.process(), signal, {});
  return action;
}

// Enters the handler, or forces SIGSEGV where its frame has no room.
void run_handler(Task& task, const Taken& taken, const SignalAction& action) {
  const int signal = taken.info.si_signo;
  if (!push_frame(task, taken.info, action, task.signal_mask)) {
    if (signal == SIGSEGV) task.process().signals().set(SIGSEGV, SignalAction{});
    task.forced_signal = {SIGSEGV, SI_KERNEL, 0, task.cpu().regs().rip, "no room for a signal frame"};
    return;
  }
  uint64_t mask = current_mask(task) | action.mask;
  if (!(action.flags & static_cast<uint64_t>(SA_NODEFER))) mask |= task::signal_bit(signal);
  task.signal_mask = mask & ~kUnblockable;
  task.temporary_mask.reset();
}

// The processor's signals cannot be blocked or ignored (kernel/signal.c: force_sig_info_to_task).
std::optional<FatalSignal> deliver_forced(Task& task, DeliveryObserver* observer) {
  const Taken taken = from_fault(*task.forced_signal);
  if (observer) observer->delivered(taken.info);
  const bool must_end = task.forced_signal->is_fatal;
  task.forced_signal.reset();
  const bool blocked = is_blocked(task, taken.info.si_signo);
  const SignalAction action = take_action(task, taken.info.si_signo);
  if (must_end || blocked || !action.has_handler()) return fatal(taken);
  run_handler(task, taken, action);
  return std::nullopt;
}

// For a signal whose action became the default after it was taken, and for those the host never takes the default of.
std::optional<FatalSignal> take_default_action(const Taken& taken) {
  switch (default_action(taken.info.si_signo)) {
    case DefaultAction::Ignore: return std::nullopt;
    case DefaultAction::Stop:
      host_call(SYS_kill, static_cast<uint64_t>(host_call(SYS_getpid)), SIGSTOP);
      return std::nullopt;
    case DefaultAction::End: return fatal(taken);
  }
  return std::nullopt;
}

// True when a handler will run.
bool deliver_one(Task& task, const Taken& taken, const std::optional<FinishedCall>& call,
                 std::optional<FatalSignal>& end) {
  const SignalAction action = take_action(task, taken.info.si_signo);
  if (action.handler == SignalAction::kIgnore) return false;
  if (!action.has_handler()) {
    end = take_default_action(taken);
    return false;
  }
  if (call) settle_call(task, *call, action);
  run_handler(task, taken, action);
  return true;
}

}  // namespace

bool restarts_by_flag(const FinishedCall& call) { return !never_restarts(call); }

std::optional<FatalSignal> deliver_signals(Task& task, const std::optional<FinishedCall>& call,
                                           DeliveryObserver* observer) {
  std::optional<FinishedCall> unsettled = call;
  bool took_any = false;
  std::optional<FatalSignal> end;
  if (call && !was_interrupted(*call) && !must_be_made_again(*call)) task.temporary_mask.reset();
  for (;;) {
    if (task.forced_signal) {
      if ((end = deliver_forced(task, observer))) return end;
      continue;
    }
    const auto taken = take_signal(task);
    if (!taken) break;
    took_any = true;
    if (observer) observer->delivered(taken->info);
    if (deliver_one(task, *taken, unsettled, end)) unsettled.reset();
    if (end) return end;
    // Whatever is pending and not blocked by the new mask comes in hand here.
    set_host_mask(current_mask(task));
  }
  const bool again = unsettled && (must_be_made_again(*unsettled) || (took_any && was_interrupted(*unsettled)));
  if (again) make_again(task, *unsettled);
  task.temporary_mask.reset();
  if (took_any) set_host_mask(task.signal_mask);
  return std::nullopt;
}

}  // namespace kontain::signal

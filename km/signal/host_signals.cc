#include "km/signal/host_signals.h"

#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/host_call.h"
#include "km/mem/copy.h"
#include "km/task/helper_thread.h"
#include "km/task/interruptible_call.h"

extern "C" void kontain_signal_restorer();
// The host's kernel returns from a handler through it; glibc's is not to be had, and its sigaction refuses the two
// signals it keeps for itself.
asm(R"(
        .text
        .globl kontain_signal_restorer
        .type kontain_signal_restorer, @function
kontain_signal_restorer:
        mov $15, %eax
        syscall
        .size kontain_signal_restorer, . - kontain_signal_restorer
)");

namespace kontain::signal {
namespace {

constexpr uint64_t kMaskSize = sizeof(uint64_t);
constexpr uint64_t kAllSignals = ~uint64_t{0};
constexpr uint64_t kRestorerFlag = 0x04000000;  // SA_RESTORER

// signal(7), "Standard signals": those with the action Core.
constexpr uint64_t kCoreSignals = task::signal_bit(SIGQUIT) | task::signal_bit(SIGILL) | task::signal_bit(SIGTRAP) |
                                  task::signal_bit(SIGABRT) | task::signal_bit(SIGBUS) | task::signal_bit(SIGFPE) |
                                  task::signal_bit(SIGSEGV) | task::signal_bit(SIGXCPU) | task::signal_bit(SIGXFSZ) |
                                  task::signal_bit(SIGSYS);

// The signal that pthread_create leaves unblocked in every thread it makes, whatever its creator blocks (SIGCANCEL of
// glibc). To a payload it is a signal as any other; musl's and glibc's timers use it.
constexpr int kUnblockedAtBirth = 32;

thread_local task::Task* t_task = nullptr;
std::atomic<bool> g_end_claimed = false;

// What the helper was sent and passes on: the kernel lets no thread send with the code of another sender, so what it
// sends carries the address of this, which no payload knows.
struct PassedOn {
  std::atomic<bool> full = false;
  siginfo_t info{};
};
PassedOn g_passed_segv;
PassedOn g_passed_bus;

PassedOn& passed_on(int signal) { return signal == SIGSEGV ? g_passed_segv : g_passed_bus; }

uint64_t address_of(const void* object) { return reinterpret_cast<uint64_t>(object); }

void host_action(int signal, const task::SignalAction* set, task::SignalAction* old) {
  host_call(SYS_rt_sigaction, static_cast<uint64_t>(signal), address_of(set), address_of(old), kMaskSize);
}

// The kernel's ucontext has 8 bytes of mask where the C library declares 128.
void set_interrupted_mask(ucontext_t* context, uint64_t mask) { std::memcpy(&context->uc_sigmask, &mask, sizeof mask); }

void take_unblockable(task::SignalInHand::Unblockable& slot, int signal, const siginfo_t* info) {
  if (slot.present) return;  // as a standard signal that is pending already
  slot.info = *info;
  slot.present = signal;
}

void take_fault_signal(int signal, const siginfo_t* info) {
  task::SignalInHand& hand = task::signal_in_hand();
  PassedOn& passed = passed_on(signal);
  const bool is_passed = info->si_code == SI_QUEUE && info->si_value.sival_ptr == &passed && passed.full;
  take_unblockable(signal == SIGSEGV ? hand.segv : hand.bus, signal, is_passed ? &passed.info : info);
  if (is_passed) passed.full = false;
}

void take_in_hand(int signal, const siginfo_t* info, ucontext_t* context) {
  task::SignalInHand& hand = task::signal_in_hand();
  hand.info = *info;
  hand.present = signal;
  set_interrupted_mask(context, kAllSignals & ~kNeverBlockedOnHost);
  auto& rip = context->uc_mcontext.gregs[REG_RIP];
  rip = static_cast<greg_t>(task::cancelled_call_rip(static_cast<uint64_t>(rip)));
}

// A fault of the monitor itself: with the default action the same instruction ends the process.
void die_of_own_fault(int signal) {
  const task::SignalAction fatal;
  host_action(signal, &fatal, nullptr);
}

// The thread does not have its payload's mask yet. Blocked for the time being, the signal is as it was sent.
void keep_pending(int signal, const siginfo_t* info, ucontext_t* context) {
  uint64_t mask = 0;
  std::memcpy(&mask, &context->uc_sigmask, sizeof mask);
  set_interrupted_mask(context, mask | task::signal_bit(signal));
  host_call(SYS_rt_tgsigqueueinfo, static_cast<uint64_t>(host_call(SYS_getpid)),
            static_cast<uint64_t>(host_call(SYS_gettid)), static_cast<uint64_t>(signal), address_of(info));
}

// The helper thread has no signals of its own.
void on_helper_signal(int signal, const siginfo_t* info, ucontext_t* context) {
  if (info->si_code == SI_TKILL && info->si_pid == host_call(SYS_getpid)) {
    take_in_hand(signal, info, context);
  } else {
    take_fault_signal(signal, info);
  }
}

void on_host_signal(int signal, siginfo_t* info, void* opaque) {
  auto* context = static_cast<ucontext_t*>(opaque);
  const bool fault_signal = signal == SIGSEGV || signal == SIGBUS;
  if (fault_signal && info->si_code > 0) {
    if (!mem::repair_fault(info, context)) die_of_own_fault(signal);
    return;
  }
  if (task::is_helper_thread()) return on_helper_signal(signal, info, context);
  if (signal == kUnblockedAtBirth && t_task == nullptr) return keep_pending(signal, info, context);
  if (fault_signal && is_end_claimed()) {
    // Only a kick.
  } else if (fault_signal) {
    take_fault_signal(signal, info);
  } else {
    take_in_hand(signal, info, context);
  }
  if (t_task) t_task->cpu().kick();
}

// While the last one is still on its way, what comes names SI_QUEUE instead of its sender's code.
void send_on(task::Task& to, int signal, siginfo_t info) {
  PassedOn& passed = passed_on(signal);
  if (!passed.full) {
    passed.info = std::exchange(info, siginfo_t{});
    info.si_value.sival_ptr = &passed;
    passed.full = true;
  }
  info.si_code = SI_QUEUE;
  host_call(SYS_rt_tgsigqueueinfo, static_cast<uint64_t>(host_call(SYS_getpid)), static_cast<uint64_t>(to.tid()),
            static_cast<uint64_t>(signal), address_of(&info));
}

task::SignalAction own_handler(uint64_t flags) {
  task::SignalAction action;
  action.handler = reinterpret_cast<uint64_t>(&on_host_signal);
  action.flags = static_cast<uint64_t>(SA_SIGINFO) | kRestorerFlag | flags;
  action.restorer = reinterpret_cast<uint64_t>(&kontain_signal_restorer);
  action.mask = kAllSignals;
  return action;
}

bool may_dump_core(const task::Process& process) {
  if (const auto kept = process.limits.get(RLIMIT_CORE)) return kept->rlim_cur != 0;
  rlimit limit{};
  return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur != 0;
}

bool must_be_taken(const task::Process& process, int signal, const task::SignalAction& action) {
  if (action.handler == task::SignalAction::kDefault) {
    return signal == kUnblockedAtBirth || (dumps_core(signal) && may_dump_core(process));
  }
  return action.has_handler();
}

}  // namespace

bool dumps_core(int signal) { return task::is_signal(signal) && (kCoreSignals & task::signal_bit(signal)); }

bool claim_end() { return !g_end_claimed.exchange(true); }
bool is_end_claimed() { return g_end_claimed.load(); }
void forget_other_threads() {
  g_end_claimed = false;
  g_passed_segv.full = g_passed_bus.full = false;
}

void bind_host_thread(task::Task* task) { t_task = task; }
task::Task* bound_task() { return t_task; }

void install_host_handlers() {
  // glibc's pthread_create takes this to mean that the first thread is being made. It then replaces the handler of
  // SIGSETXID, which is the payload's, by its own, and unblocks that signal and SIGCANCEL (nptl/pthread_create.c,
  // late_init). We set no ids by its functions.
  __libc_single_threaded = false;
  const task::SignalAction action = own_handler(0);
  for (const int signal : {SIGSEGV, SIGBUS}) host_action(signal, &action, nullptr);
}

void adopt_inherited_signals(task::Process& process) {
  for (int signal = 1; signal <= task::kSignalCount; ++signal) {
    task::SignalAction native;
    host_action(signal, nullptr, &native);
    if (native.handler != task::SignalAction::kIgnore) continue;
    task::SignalAction ignored;
    ignored.handler = task::SignalAction::kIgnore;
    process.signals().set(signal, ignored);
  }
  apply_to_host(process, kUnblockedAtBirth, process.signals().get(kUnblockedAtBirth));
}

uint64_t inherited_mask() {
  uint64_t mask = 0;
  host_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, address_of(&mask), kMaskSize);
  return mask;
}

void apply_to_host(task::Process& process, int signal, const task::SignalAction& action) {
  if (task::signal_bit(signal) & kNeverBlockedOnHost) return;
  constexpr uint64_t kChildFlags = SA_NOCLDSTOP | SA_NOCLDWAIT;
  const uint64_t flags = signal == SIGCHLD ? action.flags & kChildFlags : 0;
  task::SignalAction native;
  if (must_be_taken(process, signal, action)) {
    native = own_handler(flags);
  } else {
    native.handler = action.handler;
    native.flags = flags;
  }
  host_action(signal, &native, nullptr);
}

void refresh_core_signals(task::Process& process) {
  for (int signal = 1; signal <= task::kSignalCount; ++signal) {
    const task::SignalAction action = process.signals().get(signal);
    if (dumps_core(signal) && action.handler == task::SignalAction::kDefault) apply_to_host(process, signal, action);
  }
}

void set_host_mask(uint64_t mask) {
  mask &= ~kNeverBlockedOnHost;
  host_call(SYS_rt_sigprocmask, SIG_SETMASK, address_of(&mask), 0, kMaskSize);
}

void block_host_signals() { set_host_mask(kAllSignals); }

void block_all_signals() {
  const uint64_t all = kAllSignals;
  host_call(SYS_rt_sigprocmask, SIG_SETMASK, address_of(&all), 0, kMaskSize);
}

void pass_helper_signals(task::Task& to) {
  task::SignalInHand& hand = task::signal_in_hand();
  for (auto* slot : {&hand.segv, &hand.bus}) {
    if (slot->present) send_on(to, slot->present, slot->info);
    slot->present = 0;
  }
}

bool take_helper_interrupt() {
  task::SignalInHand& hand = task::signal_in_hand();
  const bool came = hand.present != 0;
  hand.present = 0;
  return came;
}

HostSignalsBlocked::~HostSignalsBlocked() {
  if (!must_deliver_first()) set_host_mask(task_.signal_mask);
}

}  // namespace kontain::signal

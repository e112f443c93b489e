// The host's signals of a monitor process. The host's kernel keeps the payload's queues, takes its default actions and
// chooses the thread; a signal that the payload handles ends in our host handler, which takes it in hand
// (km/task/interruptible_call.h) and makes the run loop deliver it.
//
// Invariant: while a signal is in hand everything but SIGSEGV and SIGBUS is blocked in this thread, so that there is
// never a second one.
#pragma once

#include <signal.h>

#include <cstdint>

#include "km/task/interruptible_call.h"
#include "km/task/task.h"

namespace kontain::signal {

inline constexpr uint64_t kUnblockable = task::signal_bit(SIGKILL) | task::signal_bit(SIGSTOP);
// Our own copies may fault at any time: never blocked on the host.
inline constexpr uint64_t kNeverBlockedOnHost = task::signal_bit(SIGSEGV) | task::signal_bit(SIGBUS);

// Makes `task` the one the calling host thread's signals interrupt; nullptr: none.
void bind_host_thread(task::Task* task);
task::Task* bound_task();

// Installs the handlers of SIGSEGV and SIGBUS, and keeps the C library from installing any. Once per process image,
// before anything touches payload memory.
void install_host_handlers();

// Fills the table from what this process inherited: signals ignored on exec stay ignored (execve(2)); the mask too.
// Once, at start.
void adopt_inherited_signals(task::Process& process);
uint64_t inherited_mask();

// Makes the host's disposition of `signal` that of the payload's `action`. Where the default action is to dump core and
// the payload's RLIMIT_CORE lets it, the monitor writes that core (km/run/core_dump.h): the signal is taken in hand, to
// be delivered as any other; so is the signal that new threads cannot block. Holds no lock.
void apply_to_host(task::Process& process, int signal, const task::SignalAction& action);
// For a process that begins, or whose RLIMIT_CORE has changed.
void refresh_core_signals(task::Process& process);
// signal(7): the default action is to dump core.
bool dumps_core(int signal);

// The end of the process, claimed by one thread (false: another one was first). From then on a SIGSEGV or SIGBUS that
// is sent is nothing but a kick: it makes its thread return to its loop, which looks at this. What is sent proves
// nothing, this flag does.
bool claim_end();
bool is_end_claimed();
// In the child of a fork: what other threads claimed or pass on stayed with the parent.
void forget_other_threads();

// For the helper thread (km/task/helper_thread.h), where everything but SIGSEGV and SIGBUS is blocked for good, and
// those too while it touches no payload memory. A SIGBUS of this process's own makes the call it is at end as if a
// signal were in hand.
void block_all_signals();
// SIGSEGV and SIGBUS that were sent to the process and hit the helper go on to `to`.
void pass_helper_signals(task::Task& to);
// True once after its call was made to end.
bool take_helper_interrupt();

// Makes `mask` of the payload the host thread's. Signals that become unblocked are in hand on return.
void set_host_mask(uint64_t mask);
// Blocks everything but SIGSEGV and SIGBUS.
void block_host_signals();

// Blocks the host's signals; on destruction the task's mask holds again, unless a signal is in hand. For calls that
// must not be interrupted, or that change what signals do.
class HostSignalsBlocked {
 public:
  explicit HostSignalsBlocked(const task::Task& task) : task_(task) { block_host_signals(); }
  ~HostSignalsBlocked();
  HostSignalsBlocked(const HostSignalsBlocked&) = delete;
  HostSignalsBlocked& operator=(const HostSignalsBlocked&) = delete;

  // A signal was taken before: it has to be delivered first, the call is then made again (task::kRestart).
  static bool must_deliver_first() { return task::signal_in_hand().present != 0; }

 private:
  const task::Task& task_;
};

}  // namespace kontain::signal

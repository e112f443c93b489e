// System calls that may sleep, made so that no signal is lost between looking for one and going to sleep.
//
// The host's kernel keeps the payload's signal queues. A signal the payload handles runs our host handler
// (km/signal/host_signals.h), which takes it "in hand": one per thread, with everything else blocked until the run loop
// has delivered it.
#pragma once

#include <signal.h>

#include <cstdint>

namespace kontain::task {

// What the host's handler took for this thread. Written by the handler, read and cleared by the thread itself.
struct SignalInHand {
  volatile int present = 0;  // 0, or the signal's number
  siginfo_t info = {};
  // SIGSEGV and SIGBUS are never blocked on the host: sent ones (not the processor's) wait here.
  struct Unblockable {
    volatile int present = 0;
    siginfo_t info = {};
  };
  Unblockable segv;
  Unblockable bus;

  bool any() const { return present || segv.present || bus.present; }
};

// This thread's. In a vfork child the thread-local storage is the suspended parent's: km/run saves and restores it.
SignalInHand& signal_in_hand();

// Issues the host's call `number`: its result or -errno. -kRestart (lifecycle.h) without having called when a signal is
// in hand already.
// Async-signal-safe. SAFETY: as host_call().
long interruptible_call(long number, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0, uint64_t e = 0,
                        uint64_t f = 0);

// For the host's handler: when `rip` lies between looking at the flag and the SYSCALL instruction, where to go on so
// that the call is not made; else `rip`.
uint64_t cancelled_call_rip(uint64_t rip);

}  // namespace kontain::task

// The frame a signal handler finds on its stack (arch/x86/include/asm/sigframe.h: struct rt_sigframe), and the way in.
#pragma once

#include <signal.h>

#include <cstdint>

#include "km/task/task.h"

namespace kontain::signal {

// struct sigcontext of x86-64.
struct SigContext {
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
  uint16_t cs, gs, fs, ss;
  uint64_t error_code, trap_number, old_mask, cr2;
  uint64_t xstate;  // address of the XSAVE image
  uint64_t reserved[8];
};
static_assert(sizeof(SigContext) == 256);

struct SignalFrame {
  uint64_t restorer;  // the handler's return address
  // ucontext_t
  uint64_t flags;
  uint64_t link;
  task::AltStack alt_stack;
  SigContext context;
  uint64_t mask;
  siginfo_t info;
};
static_assert(sizeof(SignalFrame) == 440);

// Writes a frame and lets `task` go on in the handler of `action`; the mask that rt_sigreturn restores is `old_mask`.
// False: the stack cannot be written, or the action names no restorer.
bool push_frame(task::Task& task, const siginfo_t& info, const task::SignalAction& action, uint64_t old_mask);

}  // namespace kontain::signal

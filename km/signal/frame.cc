#include "km/signal/frame.h"

#include <array>
#include <vector>

#include "km/arch/x86.h"
#include "km/mem/copy.h"
#include "km/signal/alt_stack.h"
#include "km/signal/xstate.h"

namespace kontain::signal {
namespace {

constexpr uint64_t kRedZone = 128;  // of the x86-64 ABI
// UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS.
constexpr uint64_t kContextFlags = 7;
constexpr uint64_t kRestorerFlag = 0x04000000;  // SA_RESTORER

constexpr uint64_t align_down(uint64_t value, uint64_t alignment) { return value & ~(alignment - 1); }

struct Placement {
  uint64_t frame;
  uint64_t xstate;
};

// Where the frame goes (arch/x86/kernel/signal.c: get_sigframe); false when the alternate stack overflows.
bool place(const task::Task& task, uint64_t stack_pointer, const task::SignalAction& action, Placement& out) {
  const task::AltStack& alt = task.alt_stack;
  const bool was_on_alt = is_on_alt_stack(alt, stack_pointer);
  bool enters_alt = false;
  uint64_t top = stack_pointer - kRedZone;
  if ((action.flags & static_cast<uint64_t>(SA_ONSTACK)) && alt.size != 0 && !was_on_alt) {
    top = alt.address + alt.size;
    enters_alt = true;
  }
  out.xstate = align_down(top - xstate_frame_size(), 64);
  out.frame = align_down(out.xstate - sizeof(SignalFrame), 16) - 8;
  const bool inside = out.frame > alt.address && out.frame - alt.address <= alt.size;
  return !(was_on_alt || enters_alt) || inside;
}

SigContext context_of(const task::Task& task, const kvm_regs& regs, uint64_t old_mask, uint64_t xstate) {
  SigContext context = {};
  context.r8 = regs.r8, context.r9 = regs.r9, context.r10 = regs.r10, context.r11 = regs.r11;
  context.r12 = regs.r12, context.r13 = regs.r13, context.r14 = regs.r14, context.r15 = regs.r15;
  context.rdi = regs.rdi, context.rsi = regs.rsi, context.rbp = regs.rbp, context.rbx = regs.rbx;
  context.rdx = regs.rdx, context.rax = regs.rax, context.rcx = regs.rcx, context.rsp = regs.rsp;
  context.rip = regs.rip, context.rflags = regs.rflags;
  context.cs = x86::kUserCode, context.ss = x86::kUserData;
  context.error_code = task.last_fault.error_code;
  context.trap_number = task.last_fault.trap_number;
  context.cr2 = task.last_fault.address;
  context.old_mask = old_mask;
  context.xstate = xstate;
  return context;
}

// `area` is what it wrote.
bool write_xstate(task::Task& task, uint64_t address, kvm::XsaveArea& area) {
  if (!task.cpu().get_xsave(area)) return false;
  std::vector<std::byte> bytes(xstate_frame_size());
  encode_xstate(area, bytes);
  return mem::copy_out(address, bytes.data(), bytes.size());
}

void enter_handler(kvm_regs& regs, int signal, const task::SignalAction& action, uint64_t frame) {
  regs.rdi = static_cast<uint64_t>(signal);
  regs.rsi = frame + offsetof(SignalFrame, info);
  regs.rdx = frame + offsetof(SignalFrame, flags);
  regs.rax = 0;
  regs.rip = action.handler;
  regs.rsp = frame;
  regs.rflags &= ~(x86::kFlagDirection | x86::kFlagTrap | x86::kFlagResume);
}

}  // namespace

bool push_frame(task::Task& task, const siginfo_t& info, const task::SignalAction& action, uint64_t old_mask) {
  kvm_regs& regs = task.cpu().regs();
  Placement at = {};
  if (!(action.flags & kRestorerFlag) || !place(task, regs.rsp, action, at)) return false;
  SignalFrame frame = {};
  frame.restorer = action.restorer;
  frame.flags = kContextFlags;
  frame.alt_stack = task.alt_stack;
  frame.context = context_of(task, regs, old_mask, at.xstate);
  frame.mask = old_mask;
  frame.info = info;
  kvm::XsaveArea area;
  if (!write_xstate(task, at.xstate, area) || !mem::copy_out(at.frame, &frame, sizeof frame)) return false;
  // As Linux: a handler begins with a fresh state, without what the interrupted code has unmasked or left pending.
  reset_xstate(area);
  if (!task.cpu().set_xsave(area)) return false;
  if (task.alt_stack.flags & kAutoDisarm) task.alt_stack = {};
  enter_handler(regs, info.si_signo, action, at.frame);
  return true;
}

}  // namespace kontain::signal

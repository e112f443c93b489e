#include "km/signal/return.h"

#include <vector>

#include "km/arch/x86.h"
#include "km/mem/copy.h"
#include "km/signal/alt_stack.h"
#include "km/signal/frame.h"
#include "km/signal/host_signals.h"
#include "km/signal/xstate.h"

namespace kontain::signal {
namespace {

// The flags a handler may change (arch/x86/kernel/signal.c: FIX_EFLAGS): AC OF DF TF SF ZF AF PF CF RF.
constexpr uint64_t kChangeableFlags = 0x50dd5;

void load_registers(kvm_regs& regs, const SigContext& context) {
  regs.r8 = context.r8, regs.r9 = context.r9, regs.r10 = context.r10, regs.r11 = context.r11;
  regs.r12 = context.r12, regs.r13 = context.r13, regs.r14 = context.r14, regs.r15 = context.r15;
  regs.rdi = context.rdi, regs.rsi = context.rsi, regs.rbp = context.rbp, regs.rbx = context.rbx;
  regs.rdx = context.rdx, regs.rax = context.rax, regs.rcx = context.rcx, regs.rsp = context.rsp;
  regs.rip = context.rip;
  regs.rflags = (regs.rflags & ~kChangeableFlags) | (context.rflags & kChangeableFlags);
}

bool load_xstate(task::Task& task, uint64_t address) {
  kvm::XsaveArea area;
  if (address == 0) {
    reset_xstate(area);
  } else {
    std::vector<std::byte> frame(xstate_frame_size());
    if (!mem::copy_in(frame.data(), address, frame.size())) return false;
    decode_xstate(frame, area);
  }
  return task.cpu().set_xsave(area).has_value();
}

}  // namespace

bool return_from_handler(task::Task& task) {
  kvm_regs& regs = task.cpu().regs();
  SignalFrame frame;
  // RET has taken the restorer off the stack.
  if (!mem::copy_in(&frame, regs.rsp - sizeof frame.restorer, sizeof frame)) return false;
  if (!load_xstate(task, frame.context.xstate)) return false;
  load_registers(regs, frame.context);
  task.signal_mask = frame.mask & ~kUnblockable;
  set_alt_stack(task.alt_stack, frame.alt_stack, regs.rsp);
  return true;
}

}  // namespace kontain::signal

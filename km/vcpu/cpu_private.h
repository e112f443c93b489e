// The state behind Cpu: for km/vcpu only.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "km/kvm/vcpu.h"
#include "km/vcpu/cpu.h"
#include "km/vcpu/machine.h"

namespace kontain::vcpu {

struct Cpu::Private {
  static Result<std::unique_ptr<Private>> create(Machine& machine, uint32_t id);

  Private(Machine& machine_in, kvm::Vcpu vcpu_in) : machine(machine_in), vcpu(std::move(vcpu_in)) {}

  kvm_regs& regs() { return vcpu.shared().s.regs.regs; }
  kvm_sregs& sregs() { return vcpu.shared().s.regs.sregs; }
  void mark_sregs_changed() { vcpu.shared().kvm_dirty_regs |= KVM_SYNC_X86_SREGS; }

  void prepare_entry();
  Stop on_exit();
  Stop on_doorbell();
  Stop on_exception();
  Stop on_syscall_port();
  Stop on_interrupted();
  Stop bad(const char* detail);
  // What a run of the guest that `begin` sets up takes until it rings the doorbell: the best of a few, in ticks.
  Result<uint64_t> measure(const std::function<void(kvm_regs&)>& begin);
  void enter_user_segments();
  // Shows the context a SYSCALL left: behind the instruction, result pending.
  void leave_stub(uint64_t kernel_rip);
  // Recipe A, stopped in the stub at `offset`: from here on the context is the payload's behind its SYSCALL.
  // Interrupted: the result is in RAX. Syscall: the call is still to be made.
  StopKind leave_user_stub(uint64_t offset);
  Stop on_debug_in_stub(uint64_t offset);
  // Stopped on the way from a replaced SYSCALL at `site` to the stub.
  Stop on_exception_near_site(uint64_t site, const Stop& stop);

  Machine& machine;
  kvm::Vcpu vcpu;
  CpuPages pages;
  CallExchange calls;
  AnsweredCall answered;
  std::function<void()> hurry = [] {};
  unsigned char* exception_stack = nullptr;  // our view of the page at kExceptionStack
  // Without it the host's vDSO would compute wrong times.
  bool reads_host_tsc = false;
  // Recipe B: a system call is open, and SYSRETQ at this address ends it if the context stays as it is.
  bool in_stub = false;
  uint64_t stub_rip = 0;
  uint64_t stub_rflags = 0;
};

}  // namespace kontain::vcpu

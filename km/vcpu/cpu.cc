#include "km/vcpu/cpu.h"

#include <sched.h>
#include <x86intrin.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/checked.h"
#include "km/vcpu/cpu_private.h"
#include "km/vcpu/cpuid.h"
#include "km/vcpu/layout.h"
#include "km/vcpu/stub_position.h"

namespace kontain::vcpu {
namespace {

// Flags SYSCALL clears on recipe B: those Linux clears. Recipe A cannot restore them from R11, so none there.
constexpr uint64_t kSyscallMaskB = 0x47700;
constexpr uint64_t kSyscallSize = 2;
constexpr uint64_t kRingSize = 9;  // of the instruction that rings the doorbell, in either stub

kvm_segment segment(uint16_t selector, uint8_t type, uint8_t privilege) {
  kvm_segment result = {};
  result.limit = 0xffffffff;
  result.selector = selector;
  result.type = type;
  result.present = 1;
  result.dpl = privilege;
  result.s = 1;
  result.g = 1;
  return result;
}

kvm_segment user_code() {
  kvm_segment result = segment(x86::kUserCode, 11, 3);
  result.l = 1;
  return result;
}

kvm_segment user_data() {
  kvm_segment result = segment(x86::kUserData, 3, 3);
  result.db = 1;
  return result;
}

void set_user_sregs(kvm_sregs& sregs, uint64_t root) {
  sregs.cr0 = x86::kCr0;
  sregs.cr3 = root;
  sregs.cr4 = x86::kCr4;
  sregs.efer = x86::kEfer;
  sregs.cs = user_code();
  sregs.ss = sregs.ds = sregs.es = sregs.fs = sregs.gs = user_data();
  sregs.tr = {};
  sregs.tr.base = kTss;
  sregs.tr.limit = kTssLimit;
  sregs.tr.selector = x86::kTssSelector;
  sregs.tr.type = 11;
  sregs.tr.present = 1;
  sregs.ldt = {};
  sregs.ldt.unusable = 1;
  sregs.gdt.base = kDescriptors;
  sregs.gdt.limit = kGdtLimit;
  sregs.idt.base = kIdtAddress;
  sregs.idt.limit = kIdtLimit;
}

uint32_t current_cpu_and_node() {
  unsigned cpu = 0;
  unsigned node = 0;
  getcpu(&cpu, &node);
  return node << 12 | (cpu & 0xfff);
}

Result<uint64_t> first_accepted_xcr0(const kvm::Vcpu& vcpu, const std::vector<kvm_cpuid_entry2>& cpuid) {
  Error last;
  for (uint64_t candidate : xcr0_candidates(cpuid)) {
    auto set = vcpu.set_xcr0(candidate);
    if (set) return candidate;
    last = set.error();
  }
  return tl::make_unexpected(last);
}

}  // namespace

Result<std::unique_ptr<Cpu::Private>> Cpu::Private::create(Machine& machine, uint32_t id) {
  mem::GuestPhysical& physical = *machine.physical_;
  TRY_ASSIGN(kvm::Vcpu vcpu, machine.vms_.back().create_vcpu(id));
  TRY_ASSIGN(UniqueFd kept, machine.keep_fd_(vcpu.take_fd()));
  vcpu.set_fd(std::move(kept));
  auto state = std::make_unique<Private>(machine, std::move(vcpu));

  TRY_ASSIGN(state->pages, machine.make_cpu_pages());
  state->exception_stack = static_cast<unsigned char*>(physical.system_pointer(state->pages.stack));
  state->calls.attach(*static_cast<CallSlot*>(physical.system_pointer(state->pages.call_slot)));
  write_descriptors(physical.system_pointer(state->pages.descriptors), current_cpu_and_node());
  TRY(state->vcpu.set_cpuid(machine.facts_.cpuid));
  TRY_ASSIGN(machine.xcr0_, first_accepted_xcr0(state->vcpu, machine.facts_.cpuid));
  const kvm::Msr msrs[] = {{x86::kMsrStar, 0x0023'0010'0000'0000},
                           {x86::kMsrLstar, kStub},
                           {x86::kMsrSyscallMask, machine.facts_.recipe == Recipe::A ? 0 : kSyscallMaskB}};
  TRY(state->vcpu.set_msrs(msrs));
  // Recipe A never leaves the host's time stamp counter.
  state->reads_host_tsc = machine.facts_.recipe == Recipe::A || state->vcpu.use_host_tsc().has_value();
  TRY_ASSIGN(state->sregs(), state->vcpu.sregs());
  set_user_sregs(state->sregs(), state->pages.root);
  state->vcpu.shared().kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
  state->mark_sregs_changed();
  return state;
}

Cpu::Cpu(std::unique_ptr<Private> state) : p_(std::move(state)) {}
Cpu::~Cpu() = default;

kvm_regs& Cpu::regs() { return p_->regs(); }
uint64_t Cpu::fs_base() const { return p_->sregs().fs.base; }
uint64_t Cpu::gs_base() const { return p_->sregs().gs.base; }

void Cpu::set_fs_base(uint64_t base) {
  p_->sregs().fs.base = base;
  p_->mark_sregs_changed();
}

void Cpu::set_gs_base(uint64_t base) {
  p_->sregs().gs.base = base;
  p_->mark_sregs_changed();
}

void Cpu::start_at(uint64_t rip, uint64_t rsp) {
  kvm_regs& regs = p_->regs();
  regs = {};
  regs.rip = rip;
  regs.rsp = rsp;
  regs.rflags = x86::kFlagsFixed | x86::kFlagInterrupt;
  p_->in_stub = false;
  set_user_sregs(p_->sregs(), p_->pages.root);
  p_->mark_sregs_changed();
  p_->vcpu.shared().kvm_dirty_regs |= KVM_SYNC_X86_REGS;
}

Result<Context> Cpu::save() const {
  Context context;
  context.regs = p_->regs();
  context.fs_base = fs_base();
  context.gs_base = gs_base();
  TRY(get_xsave(context.xsave));
  return context;
}

Result<void> Cpu::restore(const Context& context) {
  start_at(context.regs.rip, context.regs.rsp);
  p_->regs() = context.regs;
  p_->sregs().fs.base = context.fs_base;
  p_->sregs().gs.base = context.gs_base;
  return set_xsave(context.xsave);
}

Result<void> Cpu::get_xsave(kvm::XsaveArea& area) const { return p_->vcpu.get_xsave(area); }
Result<void> Cpu::set_xsave(const kvm::XsaveArea& area) { return p_->vcpu.set_xsave(area); }

void Cpu::kick() { p_->vcpu.shared().immediate_exit = 1; }

CallExchange& Cpu::calls() { return p_->calls; }
void Cpu::set_hurry(std::function<void()> hurry) { p_->hurry = std::move(hurry); }
const AnsweredCall& Cpu::answered_call() const { return p_->answered; }

Stop Cpu::run() {
  p_->prepare_entry();
  p_->calls.give();
  const int error = p_->vcpu.run();
  p_->calls.take([this] {
    if (p_->vcpu.shared().immediate_exit) p_->hurry();
  });
  if (error == 0) return p_->on_exit();
  if (error == EINTR || error == EAGAIN) return p_->on_interrupted();
  if (error == EFAULT) return {StopKind::HostFault};
  return p_->bad("KVM_RUN failed");
}

void Cpu::Private::enter_user_segments() {
  const kvm_segment code = user_code();
  sregs().cs = code;
  sregs().ss = user_data();
  mark_sregs_changed();
}

void Cpu::Private::prepare_entry() {
  vcpu.shared().kvm_dirty_regs |= KVM_SYNC_X86_REGS;
  if (!in_stub) return;
  in_stub = false;
  if (regs().rip == regs().rcx && regs().rflags == regs().r11 && regs().rcx < x86::kTaskSizeMax) {
    regs().rip = stub_rip;
    regs().rflags = stub_rflags;
    return;
  }
  enter_user_segments();
}

Stop Cpu::Private::on_exit() {
  const kvm_run& shared = vcpu.shared();
  switch (shared.exit_reason) {
    case KVM_EXIT_MMIO: return on_doorbell();
    case KVM_EXIT_IO:
      if (sregs().cs.dpl != 0 || shared.io.direction != KVM_EXIT_IO_OUT) return bad("port I/O by the payload");
      if (shared.io.port == kExceptionPort) return on_exception();
      if (shared.io.port == kSyscallPort) return on_syscall_port();
      return bad("port I/O by the payload");
    case KVM_EXIT_INTR: return on_interrupted();
    case KVM_EXIT_SHUTDOWN: return bad("triple fault");
    case KVM_EXIT_INTERNAL_ERROR: return bad("an instruction the host cannot emulate");
    case KVM_EXIT_HLT: return bad("halt");
    case KVM_EXIT_FAIL_ENTRY: return bad("the processor refused the payload's context");
    default: return bad("unexpected exit");
  }
}

Stop Cpu::Private::on_doorbell() {
  const auto& mmio = vcpu.shared().mmio;
  if (mmio.phys_addr != mem::kDoorbellGpa || !mmio.is_write || mmio.len != 4 ||
      regs().rip != kStub + machine.stub_rung_) {
    return bad("an access to the doorbell page");
  }
  regs().rip = regs().rcx;
  if (regs().rip >= x86::kTaskSizeMax) return bad("a return address outside user space");
  const auto made = calls.settle();
  if (!made) return {StopKind::Syscall};
  answered = *made;
  return {StopKind::Answered};
}

Stop Cpu::Private::on_syscall_port() {
  const uint64_t offset = regs().rip - kStub;
  if (offset > kStubOutDone) return bad("port I/O outside the stub");
  leave_stub(regs().rip);
  return {StopKind::Syscall};
}

void Cpu::Private::leave_stub(uint64_t kernel_rip) {
  in_stub = true;
  stub_rip = kernel_rip;
  stub_rflags = regs().rflags;
  regs().rip = regs().rcx;
  regs().rflags = regs().r11;
}

Stop Cpu::Private::on_exception() {
  const uint64_t vector = (regs().rip - kExceptionEntry) / kExceptionEntrySize;
  const uint64_t stack_offset = regs().rsp - kExceptionStack;
  const bool error_code = x86::has_error_code(static_cast<uint8_t>(vector));
  uint64_t frame[6];  // [error code], RIP, CS, RFLAGS, RSP, SS
  const size_t size = (error_code ? 6 : 5) * sizeof(uint64_t);
  if (vector > 31 || stack_offset > kPageSize - size) return bad("an exception with a broken frame");
  std::memcpy(frame, exception_stack + stack_offset, size);
  const uint64_t* hardware = error_code ? frame + 1 : frame;
  const bool from_user = (hardware[1] & 3) == 3;

  Stop stop = {StopKind::Exception};
  stop.vector = static_cast<uint8_t>(vector);
  stop.error_code = error_code ? frame[0] : 0;
  stop.fault_address = sregs().cr2;
  regs().rip = hardware[0];
  regs().rflags = hardware[2];
  regs().rsp = hardware[3];
  enter_user_segments();
  if (!from_user) return bad("an exception inside the monitor's guest code");
  if (vector == x86::kPageFault && machine.serve_vdso_fault(stop.fault_address, stop.error_code)) {
    return {StopKind::Interrupted};
  }
  const uint64_t stub_offset = regs().rip - kStub;
  if (const auto site = machine.site_of_(regs().rip)) return on_exception_near_site(*site, stop);
  const bool in_user_stub = machine.facts_.recipe == Recipe::A && stub_offset < machine.stub_size_;
  return vector == x86::kDebug && in_user_stub ? on_debug_in_stub(stub_offset) : stop;
}

// To the payload it is all one instruction: nothing of it has been executed yet, or, where it single-steps, all of it.
Stop Cpu::Private::on_exception_near_site(uint64_t site, const Stop& stop) {
  regs().rip = site;
  if (stop.vector != x86::kDebug) return stop;
  regs().rip += kSyscallSize;
  regs().rcx = regs().rip;
  regs().r11 = regs().rflags;
  return {StopKind::Syscall};
}

StopKind Cpu::Private::leave_user_stub(uint64_t offset) {
  const StubPart part = machine.part_of_stub(offset);
  restore_registers(part, calls.slot(), regs());
  regs().rip = regs().rcx;
  const auto made = calls.settle();
  if (part == StubPart::Answered || part == StubPart::Rung) return StopKind::Interrupted;
  if (!made) return StopKind::Syscall;
  answered = *made;
  return StopKind::Answered;
}

// A kick may land inside the stub. A call that has not been made is shown as a SYSCALL that is not yet executed.
Stop Cpu::Private::on_interrupted() {
  vcpu.shared().immediate_exit = 0;
  const uint64_t offset = regs().rip - kStub;
  if (machine.facts_.recipe == Recipe::A) {
    if (offset >= machine.stub_size_) {
      regs().rip = machine.site_of_(regs().rip).value_or(regs().rip);
      return {StopKind::Interrupted};
    }
    const StopKind kind = leave_user_stub(offset);
    if (regs().rip >= x86::kTaskSizeMax) return bad("a return address outside user space");
    if (kind != StopKind::Syscall) return {kind};
    regs().rip -= kSyscallSize;
  } else if (sregs().cs.dpl == 0 && offset <= kStubOutDone) {
    const bool done = offset == kStubOutDone;
    regs().rip = done ? regs().rcx : regs().rcx - 2;
    regs().rflags = regs().r11;
    enter_user_segments();
  }
  return {StopKind::Interrupted};
}

// A payload that single-steps: its SYSCALL is one instruction, so the call is made without a trap in between.
Stop Cpu::Private::on_debug_in_stub(uint64_t offset) {
  const StopKind kind = leave_user_stub(offset);
  if (regs().rip >= x86::kTaskSizeMax) return bad("a return address outside user space");
  return {kind};
}

Result<uint64_t> Cpu::measure_exit() {
  const uint64_t ring = kStub + p_->machine.stub_rung_ - kRingSize;
  return p_->measure([ring](kvm_regs& regs) {
    regs.rip = ring;
    regs.rcx = ring;
  });
}

Result<uint64_t> Cpu::measure_syscall() {
  constexpr uint64_t kNoCall = kCallClasses;
  return p_->measure([](kvm_regs& regs) {
    regs.rip = kStub + kStubProbe;
    regs.rax = kNoCall;
  });
}

Result<uint64_t> Cpu::Private::measure(const std::function<void(kvm_regs&)>& begin) {
  constexpr int kRounds = 4;
  const kvm_regs before = regs();
  uint64_t best = UINT64_MAX;
  int error = 0;
  for (int i = 0; i < kRounds && error == 0; ++i) {
    begin(regs());
    vcpu.shared().kvm_dirty_regs |= KVM_SYNC_X86_REGS;
    const uint64_t start = __rdtsc();
    error = vcpu.run();
    best = std::min<uint64_t>(best, __rdtsc() - start);
  }
  regs() = before;
  vcpu.shared().kvm_dirty_regs |= KVM_SYNC_X86_REGS;
  if (error != 0) return fail_errno("KVM_RUN", "", error);
  return best;
}

Stop Cpu::Private::bad(const char* detail) {
  Stop stop = {StopKind::BadExit};
  stop.detail = detail;
  return stop;
}

}  // namespace kontain::vcpu

#include "km/run/exception.h"

#include <signal.h>

#include <cstring>

#include "km/arch/x86.h"

namespace kontain::run {
namespace {

enum class Address : uint8_t { None, Instruction };

struct ExceptionRow {
  uint8_t vector;
  int signal;
  int code;
  Address address;
  const char* cause;
};

constexpr ExceptionRow kExceptions[] = {
    {x86::kDivideError, SIGFPE, FPE_INTDIV, Address::Instruction, "integer division"},
    {x86::kDebug, SIGTRAP, TRAP_TRACE, Address::Instruction, "single step"},
    {x86::kBreakpoint, SIGTRAP, SI_KERNEL, Address::None, "breakpoint"},
    {x86::kOverflow, SIGSEGV, SI_KERNEL, Address::None, "overflow"},
    {x86::kBoundRange, SIGSEGV, SI_KERNEL, Address::None, "bound range exceeded"},
    {x86::kInvalidOpcode, SIGILL, ILL_ILLOPN, Address::Instruction, "illegal instruction"},
    {x86::kInvalidTss, SIGSEGV, SI_KERNEL, Address::None, "invalid TSS"},
    {x86::kSegmentNotPresent, SIGBUS, SI_KERNEL, Address::None, "segment not present"},
    {x86::kStackFault, SIGBUS, SI_KERNEL, Address::None, "stack segment"},
    {x86::kGeneralProtection, SIGSEGV, SI_KERNEL, Address::None, "general protection"},
    {x86::kFpuError, SIGFPE, FPE_FLTINV, Address::Instruction, "floating point"},
    {x86::kAlignmentCheck, SIGBUS, BUS_ADRALN, Address::None, "misaligned access"},
    {x86::kSimdError, SIGFPE, FPE_FLTINV, Address::Instruction, "floating point"},
};

const char* cause_of(const mem::FaultSignal& fault, uint64_t error_code) {
  if (fault.signal == SIGBUS) return "no memory or file behind the address";
  if (fault.code == SEGV_MAPERR) return "address not mapped";
  if (error_code & x86::kFaultFetch) return "not executable";
  return (error_code & x86::kFaultWrite) ? "not writable" : "not readable";
}

// arch/x86/kernel/fpu/core.c: fpu__exception_code. `status`: pending exceptions that are not masked.
int floating_point_code(unsigned status) {
  if (status & 0x01) return FPE_FLTINV;
  if (status & 0x04) return FPE_FLTDIV;
  if (status & 0x08) return FPE_FLTOVF;
  if (status & 0x12) return FPE_FLTUND;  // denormal or underflow
  if (status & 0x20) return FPE_FLTRES;
  return FPE_FLTINV;
}

int floating_point_code(vcpu::Cpu& cpu, uint8_t vector) {
  kvm::XsaveArea area;
  if (!cpu.get_xsave(area)) return FPE_FLTINV;
  if (vector == x86::kFpuError) {
    uint16_t control = 0, status = 0;
    std::memcpy(&control, area.bytes, sizeof control);
    std::memcpy(&status, area.bytes + 2, sizeof status);
    return floating_point_code(status & ~control & 0x3fu);
  }
  uint32_t mxcsr = 0;
  std::memcpy(&mxcsr, area.bytes + 24, sizeof mxcsr);
  return floating_point_code(mxcsr & ~(mxcsr >> 7) & 0x3fu);
}

}  // namespace

void handle_exception(const vcpu::Stop& stop, task::Task& task) {
  const uint64_t rip = task.cpu().regs().rip;
  if (stop.vector == x86::kPageFault) {
    const auto fault = task.memory().handle_fault(stop.fault_address, stop.error_code);
    if (!fault) return;
    task.forced_signal = {fault->signal, fault->code, stop.fault_address, rip, cause_of(*fault, stop.error_code)};
    task.last_fault = {stop.vector, stop.error_code | x86::kFaultUser, stop.fault_address};
    return;
  }
  task.last_fault.trap_number = stop.vector;
  task.last_fault.error_code = stop.error_code;
  task.forced_signal = {SIGSEGV, SI_KERNEL, 0, rip, "unexpected exception"};
  for (const ExceptionRow& row : kExceptions) {
    if (row.vector != stop.vector) continue;
    const bool floating = row.vector == x86::kFpuError || row.vector == x86::kSimdError;
    const int code = floating ? floating_point_code(task.cpu(), row.vector) : row.code;
    task.forced_signal = {row.signal, code, row.address == Address::Instruction ? rip : 0, rip, row.cause};
  }
}

}  // namespace kontain::run

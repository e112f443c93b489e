// Where in the system call stub (stub.S) a vCPU was stopped, and what the payload's registers are there.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <span>

#include "km/vcpu/call_slot.h"

namespace kontain::vcpu {

enum class StubPart : uint8_t {
  Intact,    // all registers are as at the SYSCALL
  Saved,     // RCX and R11 are in the slot
  Stored,    // RAX and RDX too; CallSlot::state says what has become of the call
  Answered,  // RAX is the result; RCX and R11 are in the slot
  Rung,      // the doorbell has rung, and the call is done
  Borrowed,  // RSP is in the slot; nothing else has happened yet
};

// The stub's code, to be copied to kStub.
std::span<const std::byte> stub_code();
// `offset` from its first byte, of an instruction that has not been executed.
StubPart stub_part(uint64_t offset);
// Behind the instruction that rings the doorbell.
uint64_t stub_rung_offset();
// Where jumps in the place of SYSCALL instructions lead.
uint64_t stub_replaced_offset();

// Puts back what the stub has in the slot. RIP stays.
void restore_registers(StubPart part, const CallSlot& slot, kvm_regs& regs);

}  // namespace kontain::vcpu

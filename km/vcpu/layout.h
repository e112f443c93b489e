// Where the system pages of the guest lie. None of these addresses belongs to the payload's ranges, and none of them
// is a host-virtual address: they exist in the guest's page tables only.
#pragma once

#include <cstdint>

#include "km/mem/page_tables.h"
#include "km/vcpu/call_layout.h"

namespace kontain::vcpu {

// Shared by all vCPUs (PML4 entry 222).
inline constexpr uint64_t kIdtAddress = mem::kSharedSystemBase;
inline constexpr uint64_t kExceptionEntry = mem::kSharedSystemBase + 0x1000;  // 256 entries of 16 bytes
inline constexpr uint64_t kExceptionEntrySize = 16;
inline constexpr uint64_t kVdsoArea = mem::kSharedSystemBase + 0x10'0000;  // the vDSO's data lie below its code
inline constexpr uint64_t kVdsoCode = kVdsoArea + 0x10'0000;
inline constexpr uint64_t kDoorbell = mem::kSharedSystemBase + 0x800'0000;

// Private to each vCPU (PML4 entry 223), at the same addresses in all of them.
inline constexpr uint64_t kStub = mem::kPrivateSystemBase;                  // the system call stub (LSTAR)
inline constexpr uint64_t kCallSlot = kStub + KM_STUB_SLOT;                 // CallSlot: what the stub posts
inline constexpr uint64_t kCallTable = kStub + KM_STUB_TABLE;               // CallTable, one page for all vCPUs
inline constexpr uint64_t kDescriptors = mem::kPrivateSystemBase + 0x4000;  // GDT, then the TSS
inline constexpr uint64_t kTss = kDescriptors + 0x100;
inline constexpr uint64_t kExceptionStack = mem::kPrivateSystemBase + 0x5000;
inline constexpr uint64_t kExceptionStackTop = kExceptionStack + 0x1000;

// I/O ports the guest's system code exits through.
inline constexpr uint16_t kSyscallPort = 0x80;
inline constexpr uint16_t kExceptionPort = 0x81;

// Offsets inside the stub page.
inline constexpr uint64_t kStubDoorbellDone = 9;  // recipe A: behind `movabs %eax, doorbell`
inline constexpr uint64_t kStubJumpSize = 2;      // `jmp *%rcx` behind it
inline constexpr uint64_t kStubOutDone = 2;       // recipe B: behind `out %eax, $0x80`
inline constexpr uint64_t kStubProbe = 0xf00;     // `syscall; ud2`, run once to learn the recipe

}  // namespace kontain::vcpu

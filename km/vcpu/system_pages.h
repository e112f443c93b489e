// The contents of the guest's system pages: pure functions over bytes, nothing of KVM.
#pragma once

#include <cstdint>

namespace kontain::vcpu {

// How SYSCALL reaches the monitor (docs/adr/0005): A, the stub runs in user mode and stores to the doorbell; B, the
// stub runs in supervisor mode and does port I/O.
enum class Recipe : uint8_t { A, B };

inline constexpr uint16_t kGdtLimit = 16 * 8 - 1;
inline constexpr uint16_t kIdtLimit = 256 * 16 - 1;
inline constexpr uint32_t kTssLimit = 0x67;

// 256 gates to kExceptionEntry, on interrupt stack 1; breakpoint and overflow may be raised by the payload.
void write_idt(void* page);
// 256 entries `out %eax, $0x81; iretq`; the vector follows from RIP.
void write_exception_entries(void* page);
// The stub of `recipe`, and the probe.
void write_stub(void* page, Recipe recipe);
// GDT in Linux's layout and the TSS behind it, with stack pointers at kExceptionStackTop. `cpu_and_node` is what the
// vDSO's getcpu reads from entry 15's limit: node << 12 | cpu.
void write_descriptors(void* page, uint32_t cpu_and_node);

}  // namespace kontain::vcpu

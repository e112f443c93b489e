#include "km/vcpu/system_pages.h"

#include <cstring>

#include "km/arch/x86.h"
#include "km/vcpu/layout.h"

namespace kontain::vcpu {
namespace {

// 64-bit interrupt gate (SDM 3A, 6.14.1).
void write_gate(uint64_t* gate, uint64_t handler, unsigned privilege) {
  constexpr uint64_t kInterruptGate = 0x8e;
  constexpr uint64_t kStackTable = 1;
  const uint64_t type = kInterruptGate | static_cast<uint64_t>(privilege) << 5;
  gate[0] = (handler & 0xffff) | static_cast<uint64_t>(x86::kKernelCode) << 16 | kStackTable << 32 | type << 40 |
            (handler >> 16 & 0xffff) << 48;
  gate[1] = handler >> 32;
}

}  // namespace

void write_idt(void* page) {
  auto* gates = static_cast<uint64_t*>(page);
  for (unsigned vector = 0; vector < 256; ++vector) {
    const bool payload_may_raise = vector == x86::kBreakpoint || vector == x86::kOverflow;
    write_gate(gates + vector * 2, kExceptionEntry + vector * kExceptionEntrySize, payload_may_raise ? 3 : 0);
  }
}

void write_exception_entries(void* page) {
  static constexpr unsigned char kEntry[] = {0xe7, kExceptionPort, 0x48, 0xcf};  // out %eax,$0x81; iretq
  auto* bytes = static_cast<unsigned char*>(page);
  for (unsigned vector = 0; vector < 256; ++vector) {
    std::memcpy(bytes + vector * kExceptionEntrySize, kEntry, sizeof kEntry);
  }
}

void write_stub(void* page, Recipe recipe) {
  auto* bytes = static_cast<unsigned char*>(page);
  if (recipe == Recipe::A) {
    static constexpr unsigned char kJumpBack[] = {0xff, 0xe1};  // jmp *%rcx
    const uint64_t doorbell = kDoorbell;
    bytes[0] = 0xa3;  // movabs %eax, doorbell
    std::memcpy(bytes + 1, &doorbell, sizeof doorbell);
    std::memcpy(bytes + kStubDoorbellDone, kJumpBack, sizeof kJumpBack);
  } else {
    static constexpr unsigned char kOutAndReturn[] = {0xe7, kSyscallPort, 0x48, 0x0f, 0x07};  // out; sysretq
    std::memcpy(bytes, kOutAndReturn, sizeof kOutAndReturn);
  }
  static constexpr unsigned char kProbe[] = {0x0f, 0x05, 0x0f, 0x0b};  // syscall; ud2
  std::memcpy(bytes + kStubProbe, kProbe, sizeof kProbe);
}

void write_descriptors(void* page, uint32_t cpu_and_node) {
  auto* gdt = static_cast<uint64_t*>(page);
  gdt[2] = 0x00af9b000000ffff;  // kernel code
  gdt[3] = 0x00cf93000000ffff;  // kernel data
  gdt[4] = 0x00cffb000000ffff;  // user code, 32-bit
  gdt[5] = 0x00cff3000000ffff;  // user data
  gdt[6] = 0x00affb000000ffff;  // user code
  gdt[8] = kTssLimit | (kTss & 0xffffff) << 16 | 0x8bull << 40 | (kTss >> 24 & 0xff) << 56;
  gdt[9] = kTss >> 32;
  // A read-only data segment of which only the limit matters.
  gdt[15] = 0x0040f50000000000 | (cpu_and_node & 0xffff) | static_cast<uint64_t>(cpu_and_node & 0xf0000) << 32;

  auto* tss = static_cast<unsigned char*>(page) + (kTss - kDescriptors);
  const uint64_t stack = kExceptionStackTop;
  const uint16_t no_io_map = kTssLimit + 1;
  std::memcpy(tss + 4, &stack, sizeof stack);   // RSP0
  std::memcpy(tss + 36, &stack, sizeof stack);  // IST1
  std::memcpy(tss + 0x66, &no_io_map, sizeof no_io_map);
}

}  // namespace kontain::vcpu

// x86-64 constants (Intel SDM vol. 3A and AMD APM vol. 2): page-table entries, control registers, exceptions.
#pragma once

#include <cstdint>

namespace kontain::x86 {

// Page-table entry bits (SDM 3A, 4.5).
inline constexpr uint64_t kPtePresent = 1ull << 0;
inline constexpr uint64_t kPteWrite = 1ull << 1;
inline constexpr uint64_t kPteUser = 1ull << 2;
inline constexpr uint64_t kPteAccessed = 1ull << 5;
inline constexpr uint64_t kPteDirty = 1ull << 6;
inline constexpr uint64_t kPteLarge = 1ull << 7;  // a 2 MiB leaf in a page directory
inline constexpr uint64_t kPteNoExecute = 1ull << 63;
inline constexpr uint64_t kPteAddressMask = 0x000f'ffff'ffff'f000;

inline constexpr uint64_t kLargePageSize = 2ull << 20;
inline constexpr unsigned kEntriesPerTable = 512;

// Page-fault error code (SDM 3A, 4.7).
inline constexpr uint64_t kFaultPresent = 1 << 0;  // a rights violation, else nothing was mapped
inline constexpr uint64_t kFaultWrite = 1 << 1;
inline constexpr uint64_t kFaultUser = 1 << 2;
inline constexpr uint64_t kFaultFetch = 1 << 4;

// Exception vectors (SDM 3A, 6.3).
enum Vector : uint8_t {
  kDivideError = 0,
  kDebug = 1,
  kBreakpoint = 3,
  kOverflow = 4,
  kBoundRange = 5,
  kInvalidOpcode = 6,
  kDeviceNotAvailable = 7,
  kDoubleFault = 8,
  kInvalidTss = 10,
  kSegmentNotPresent = 11,
  kStackFault = 12,
  kGeneralProtection = 13,
  kPageFault = 14,
  kFpuError = 16,
  kAlignmentCheck = 17,
  kSimdError = 19,
};

// True when the processor pushes an error code for the vector.
constexpr bool has_error_code(uint8_t vector) {
  return vector == kDoubleFault || (vector >= kInvalidTss && vector <= kPageFault) || vector == kAlignmentCheck;
}

// Selectors of our GDT: Linux's layout, which one family of hosts insists on.
inline constexpr uint16_t kKernelCode = 0x10;
inline constexpr uint16_t kKernelData = 0x18;
inline constexpr uint16_t kUserData = 0x2b;
inline constexpr uint16_t kUserCode = 0x33;
inline constexpr uint16_t kTssSelector = 0x40;

// Control registers and EFER as set for the payload.
inline constexpr uint64_t kCr0 = 0x80050033;  // PG AM WP NE ET MP PE
inline constexpr uint64_t kCr4 = 0x000506a0;  // PAE PGE OSFXSR OSXMMEXCPT FSGSBASE OSXSAVE
inline constexpr uint64_t kEfer = 0xd01;      // SCE LME LMA NXE

// Model-specific registers.
inline constexpr uint32_t kMsrStar = 0xc0000081;
inline constexpr uint32_t kMsrLstar = 0xc0000082;
inline constexpr uint32_t kMsrSyscallMask = 0xc0000084;
inline constexpr uint32_t kMsrTscAux = 0xc0000103;

// RFLAGS.
inline constexpr uint64_t kFlagsFixed = 0x2;
inline constexpr uint64_t kFlagTrap = 1 << 8;
inline constexpr uint64_t kFlagInterrupt = 1 << 9;
inline constexpr uint64_t kFlagDirection = 1 << 10;
inline constexpr uint64_t kFlagResume = 1 << 16;

// The highest user address plus one (Linux's TASK_SIZE_MAX with four-level paging).
inline constexpr uint64_t kTaskSizeMax = 0x7fff'ffff'f000;

}  // namespace kontain::x86

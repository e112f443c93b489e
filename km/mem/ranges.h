// The two address ranges a payload owns. Guest-virtual equals host-virtual inside them; everything of the monitor lies
// outside (ADR 0003). One place, compared with constants: there is no lookup to race with.
#pragma once

#include <cstdint>

namespace kontain::mem {

inline constexpr uint64_t kLowStart = 0x10000;         // 64 KiB: below it NULL dereferences fault
inline constexpr uint64_t kLowEnd = 0x5555'4000'0000;  // the gap above holds our own brk heap (static-PIE km)
inline constexpr uint64_t kHighStart = 0x5565'4000'0000;
inline constexpr uint64_t kGuestTop = 0x6f00'0000'0000;  // a PML4 boundary: entries 0..221 are the payload's

// True when [address, address + size) lies in one of the two ranges. An empty range at a valid address is inside.
constexpr bool in_guest(uint64_t address, uint64_t size) {
  const uint64_t end = address + size;
  if (end < address) return false;
  return (address >= kLowStart && end <= kLowEnd) || (address >= kHighStart && end <= kGuestTop);
}

}  // namespace kontain::mem

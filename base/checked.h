// Arithmetic on sizes and addresses that come from outside.
#pragma once

#include <cstdint>
#include <optional>

namespace kontain {

inline constexpr uint64_t kPageSize = 4096;

// a + b, or nothing when it does not fit 64 bits.
constexpr std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

// a * b, or nothing when it does not fit 64 bits.
constexpr std::optional<uint64_t> checked_mul(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

constexpr uint64_t page_down(uint64_t value) { return value & ~(kPageSize - 1); }
// Rounds up to a page; the last page of the address space wraps to 0, which callers treat as "too large".
constexpr uint64_t page_up(uint64_t value) { return (value + kPageSize - 1) & ~(kPageSize - 1); }
constexpr bool is_page_aligned(uint64_t value) { return (value & (kPageSize - 1)) == 0; }
constexpr uint64_t align_down(uint64_t value, uint64_t alignment) { return value & ~(alignment - 1); }
constexpr uint64_t align_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

}  // namespace kontain

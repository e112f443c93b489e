// A recorder of slots, and the guest's ranges reserved for the test process.
#pragma once

#include <catch2/catch.hpp>
#include <vector>

#include "km/mem/guest_physical.h"
#include "km/mem/reservation.h"

namespace kontain::mem::test {

struct Slot {
  uint64_t gpa;
  uint64_t size;
  uint64_t host;
  kvm::SlotAccess access;
};

class FakeSlots final : public SlotSink {
 public:
  Result<void> add_slot(uint64_t gpa, uint64_t size, uint64_t host, kvm::SlotAccess access) override {
    if (slots.size() >= limit) return fail("slots", "", "no more");
    slots.push_back({gpa, size, host, access});
    return {};
  }
  std::vector<Slot> slots;
  size_t limit = 1000;
};

// Reserves the guest's ranges once per process; false when this process has something inside.
inline bool reserve_once() {
  static const bool reserved = reserve_guest_ranges().has_value();
  return reserved;
}

}  // namespace kontain::mem::test

#ifdef KONTAIN_NO_GUEST_RANGES
#define NEEDS_RANGES()                                                              \
  do {                                                                              \
    WARN("a sanitizer's shadow lies in the guest's ranges: not run in this build"); \
    return;                                                                         \
  } while (false)
#else
#define NEEDS_RANGES() REQUIRE(kontain::mem::test::reserve_once())
#endif

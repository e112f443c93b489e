#include "km/mem/guest_physical.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "km/mem/ranges.h"
#include "tests/unit/mem/fake_slots.h"

using namespace kontain;
using namespace kontain::mem;
using test::FakeSlots;

TEST_CASE("guest_physical: windows are made once, linear, and large only where all of it belongs to the mapping") {
  FakeSlots slots;
  auto physical = GuestPhysical::create(slots);
  REQUIRE(physical);
  GuestPhysical& memory = **physical;
  const uint64_t address = kHighStart + 5 * kWindowSize + 0x3000;
  CHECK_FALSE(memory.find(address));
  const auto gpa = memory.touch(address, address, address + 4096);
  REQUIRE(gpa);
  CHECK(memory.touch(address, address, address + 4096) == gpa);
  CHECK(memory.find(address + 0x1000) == *gpa + 0x1000);
  CHECK(slots.slots.back().size == kSmallWindowSize);
  CHECK(slots.slots.back().host == kHighStart + 5 * kWindowSize);
  const size_t before = slots.slots.size();
  const uint64_t large = kHighStart + (8ull << 30);
  REQUIRE(memory.touch(large + 12345, large, large + (2ull << 30)));
  CHECK(slots.slots.size() == before + 1);
  CHECK(slots.slots.back().size == kLargeWindowSize);
  CHECK(memory.find(large + kLargeWindowSize - 1) == *memory.find(large) + kLargeWindowSize - 1);
}

TEST_CASE("guest_physical: a large window is not laid over a small one") {
  FakeSlots slots;
  auto physical = GuestPhysical::create(slots);
  REQUIRE(physical);
  const uint64_t large = kHighStart + (8ull << 30);
  REQUIRE((*physical)->touch(large, large, large + 4096));
  REQUIRE((*physical)->touch(large + kWindowSize, large, large + kLargeWindowSize));
  CHECK(slots.slots.back().size == kWindowSize);
}

TEST_CASE("guest_physical: the first few windows are small, unless a mapping fills more") {
  FakeSlots slots;
  auto physical = GuestPhysical::create(slots);
  REQUIRE(physical);
  const auto size_at = [&](uint64_t address, uint64_t start, uint64_t end) {
    REQUIRE((*physical)->touch(address, start, end));
    return slots.slots.back().size;
  };
  const uint64_t full = kHighStart + 100 * kWindowSize;
  CHECK(size_at(full + 4096, full, full + kWindowSize) == kWindowSize);
  for (uint64_t i = 1; i < kSmallWindows; ++i) {
    const uint64_t address = kHighStart + i * kWindowSize + kSmallWindowSize;
    CHECK(size_at(address, address, address + 4096) == kSmallWindowSize);
    CHECK(slots.slots.back().host == address);
  }
  const uint64_t late = kHighStart + 50 * kWindowSize;
  CHECK(size_at(late, late, late + 4096) == kWindowSize);
  // Beside a small one there is no room for another size.
  const uint64_t beside = kHighStart + kWindowSize;
  CHECK(size_at(beside, beside, beside + 4096) == kSmallWindowSize);
  CHECK((*physical)->find(beside + kSmallWindowSize));
}

TEST_CASE("guest_physical: running out of slots is an answer") {
  FakeSlots slots;
  auto physical = GuestPhysical::create(slots);
  REQUIRE(physical);
  slots.limit = slots.slots.size();
  CHECK_FALSE((*physical)->touch(kHighStart, kHighStart, kHighStart + 4096));
}

TEST_CASE("guest_physical: a discarded page is zero and stays its owner's") {
  FakeSlots slots;
  auto physical = GuestPhysical::create(slots);
  REQUIRE(physical);
  const auto page = (*physical)->allocate_page();
  REQUIRE(page);
  std::memset((*physical)->system_pointer(*page), 0xab, 4096);
  (*physical)->discard_page(*page);
  CHECK(*static_cast<uint64_t*>((*physical)->system_pointer(*page)) == 0);
  CHECK((*physical)->allocate_page() != page);
}

TEST_CASE("guest_physical: the next window is found without visiting what lies between") {
  FakeSlots slots;
  auto physical = GuestPhysical::create(slots);
  REQUIRE(physical);
  const uint64_t far = kHighStart + (20ull << 40);
  REQUIRE((*physical)->touch(far + 4096, far, far + 8192));
  CHECK((*physical)->next_window(kHighStart, kGuestTop) == far);
  CHECK((*physical)->next_window(far + 12288, kGuestTop) == far + 12288);
  CHECK((*physical)->next_window(far + kWindowSize, kGuestTop) == kGuestTop);
  CHECK((*physical)->next_window(kHighStart, far) == far);
}

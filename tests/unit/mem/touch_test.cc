// Small-paged memory comes in parts, as it is touched.
#include "km/arch/x86.h"
#include "tests/unit/mem/space.h"

namespace kontain::mem::test {
namespace {

constexpr uint64_t kPages = 4096;

// How many pages of [at, at + size) have entries.
uint64_t entries(Space& s, uint64_t at, uint64_t size) {
  uint64_t count = 0;
  for (uint64_t page = at; page < at + size; page += kPages) count += s.tables.leaf(page) != 0;
  return count;
}

bool is_resident(uint64_t page) {
  unsigned char resident = 0;
  return mincore(reinterpret_cast<void*>(page), kPages, &resident) == 0 && (resident & 1);
}

}  // namespace

TEST_CASE("touch: a small mapping is there at once, a large one when it is written") {
  NEEDS_RANGES();
  Space s;
  const uint64_t small = s.map(kTouchFill);
  CHECK(entries(s, small, kTouchFill) == kTouchFill / kPages);
  CHECK(is_resident(small + kTouchFill - kPages));
  const uint64_t large = s.map(2 * kMiB);
  CHECK(entries(s, large, 2 * kMiB) == 0);
  CHECK_FALSE(s.memory.handle_fault(large + kMiB + 5000, x86::kFaultWrite));
  CHECK(entries(s, large, 2 * kMiB) == kTouchFill / kPages);
  CHECK(is_resident(large + kMiB));
  CHECK_FALSE(is_resident(large));
  CHECK(s.consistent());
}

TEST_CASE("touch: what is only read is not made") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(2 * kMiB);
  CHECK_FALSE(s.memory.handle_fault(at, 0));
  CHECK(entries(s, at, 2 * kMiB) == kTouchFill / kPages);
  CHECK_FALSE(is_resident(at));
}

TEST_CASE("touch: one part behind the other grows, in both directions, up to a limit") {
  NEEDS_RANGES();
  for (const bool upwards : {true, false}) {
    INFO(upwards);
    Space s;
    const uint64_t size = 8 * kMiB;
    const uint64_t at = s.map(size);
    uint64_t have = 0;
    uint64_t largest = 0;
    int faults = 0;
    for (; have < size; ++faults) {
      const uint64_t next = upwards ? at + have : at + size - have - kPages;
      REQUIRE_FALSE(s.memory.handle_fault(next, x86::kFaultWrite));
      const uint64_t now = entries(s, at, size) * kPages;
      largest = std::max(largest, now - have);
      have = now;
    }
    CHECK(largest == kLargestTouchFill);
    CHECK(faults < 40);
    CHECK(s.consistent());
  }
}

TEST_CASE("touch: a mapping's neighbours are not touched with it") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(kMiB);
  REQUIRE(s.memory.protect(at + 8 * kPages, 2 * kPages, PROT_NONE));
  CHECK_FALSE(s.memory.handle_fault(at, x86::kFaultWrite));
  CHECK(entries(s, at, 8 * kPages) == 8);
  CHECK(entries(s, at + 8 * kPages, kMiB - 8 * kPages) == 0);
  CHECK_FALSE(is_resident(at + 10 * kPages));
  CHECK(s.consistent());
}

TEST_CASE("touch: memory that was inaccessible comes as new memory does") {
  NEEDS_RANGES();
  Space s;
  const uint64_t at = s.map(kMiB, PROT_NONE);
  REQUIRE(s.memory.protect(at, kMiB, kReadWrite));
  CHECK(entries(s, at, kMiB) == 0);
  CHECK_FALSE(s.memory.handle_fault(at + kPages, x86::kFaultWrite));
  CHECK(entries(s, at, kMiB) == kTouchFill / kPages);
  // What is there stays there.
  REQUIRE(s.memory.protect(at, kTouchFill, PROT_READ));
  REQUIRE(s.memory.protect(at, kTouchFill, kReadWrite));
  CHECK(s.tables.leaf(at) & x86::kPteWrite);
  CHECK(s.consistent());
}

}  // namespace kontain::mem::test

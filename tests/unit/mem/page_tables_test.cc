#include "km/mem/page_tables.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>

#include "tests/unit/mem/fake_slots.h"

using namespace kontain;
using namespace kontain::mem;
using test::FakeSlots;

namespace {

constexpr uint64_t kBase = kHighStart + (64ull << 30);
constexpr uint64_t kMiB = 1 << 20;

struct Tables {
  FakeSlots slots;
  std::unique_ptr<GuestPhysical> physical = std::move(GuestPhysical::create(slots).value());
  PageTables tables = PageTables::create(*physical).value();

  uint64_t target(uint64_t address) const {
    const uint64_t leaf = tables.leaf(address);
    const uint64_t offset = (leaf & x86::kPteLarge) ? address & (x86::kLargePageSize - 1) : address & 4095;
    const uint64_t base = (leaf & x86::kPteLarge) ? leaf & ~(x86::kLargePageSize - 1) : leaf;
    return (base & x86::kPteAddressMask) + offset;
  }
  size_t present(uint64_t start, uint64_t end) const {
    size_t pages = 0;
    tables.for_each_leaf(start, end, [&](uint64_t from, uint64_t to, uint64_t) { pages += (to - from) / 4096; });
    return pages;
  }
};

}  // namespace

TEST_CASE("page_tables: flags follow the protection") {
  CHECK(PageTables::leaf_flags(PROT_NONE) == 0);
  CHECK((PageTables::leaf_flags(PROT_READ) & (x86::kPteWrite | x86::kPteNoExecute)) == x86::kPteNoExecute);
  CHECK(PageTables::leaf_flags(PROT_WRITE) & x86::kPteWrite);
  CHECK_FALSE(PageTables::leaf_flags(PROT_EXEC) & x86::kPteNoExecute);
  CHECK(PageTables::leaf_flags(PROT_READ) & x86::kPteDirty);
}

TEST_CASE("page_tables: aligned interiors get large leaves, edges small ones, and both are linear") {
  Tables t;
  const uint64_t start = kBase + kMiB;
  const uint64_t end = kBase + 5 * kMiB;
  REQUIRE(t.tables.map(start, end, PROT_READ | PROT_WRITE, LeafSize::LargeAllowed, start, end));
  CHECK_FALSE(t.tables.leaf(start) & x86::kPteLarge);
  CHECK(t.tables.leaf(kBase + 2 * kMiB) & x86::kPteLarge);
  for (uint64_t at = start; at < end; at += 0x3000) CHECK(t.target(at) == *t.physical->find(at));
  CHECK(t.tables.leaf(start - 4096) == 0);
  CHECK(t.tables.leaf(end) == 0);
}

TEST_CASE("page_tables: a part of a large leaf is cleared by splitting, the rest says the same as before") {
  Tables t;
  const uint64_t end = kBase + 2 * kMiB;
  REQUIRE(t.tables.map(kBase, end, PROT_READ | PROT_EXEC, LeafSize::LargeAllowed, kBase, end));
  t.tables.clear(kBase + 0x5000, kBase + 0x7000);
  CHECK(t.present(kBase, end) == 510);
  CHECK(t.tables.leaf(kBase + 0x5000) == 0);
  CHECK(t.target(kBase + 0x7000) == *t.physical->find(kBase + 0x7000));
  CHECK_FALSE(t.tables.leaf(kBase + 0x7000) & x86::kPteNoExecute);
}

TEST_CASE("page_tables: a table that exists is never replaced by a large leaf; a cleared one may be") {
  Tables t;
  const uint64_t end = kBase + 2 * kMiB;
  REQUIRE(t.tables.map(kBase, kBase + 0x1000, PROT_READ, LeafSize::LargeAllowed, kBase, end));
  REQUIRE(t.tables.map(kBase, end, PROT_READ, LeafSize::LargeAllowed, kBase, end));
  CHECK_FALSE(t.tables.leaf(kBase) & x86::kPteLarge);
  t.tables.clear(kBase, end);
  t.tables.release_tables();
  REQUIRE(t.tables.map(kBase, end, PROT_READ, LeafSize::LargeAllowed, kBase, end));
  CHECK(t.tables.leaf(kBase) & x86::kPteLarge);
}

TEST_CASE("page_tables: restricting takes rights away and never adds one") {
  Tables t;
  const uint64_t end = kBase + 4 * kMiB;
  REQUIRE(t.tables.map(kBase, end, PROT_READ | PROT_WRITE, LeafSize::LargeAllowed, kBase, end));
  t.tables.restrict_to(kBase + 0x1000, end, PROT_READ | PROT_EXEC);
  CHECK(t.tables.leaf(kBase) & x86::kPteWrite);
  CHECK_FALSE(t.tables.leaf(kBase + 0x1000) & x86::kPteWrite);
  CHECK(t.tables.leaf(kBase + 0x1000) & x86::kPteNoExecute);
  CHECK_FALSE(t.tables.leaf(kBase + 3 * kMiB) & x86::kPteWrite);
  t.tables.restrict_to(kBase, end, PROT_NONE);
  CHECK(t.present(kBase, end) == 0);
}

TEST_CASE("page_tables: only windows that exist are filled by map_touched") {
  Tables t;
  const uint64_t end = kBase + 3 * kWindowSize;
  REQUIRE(t.physical->touch(kBase + kWindowSize, kBase, kBase + 4096));
  REQUIRE(t.tables.map_touched(kBase, end, PROT_READ, LeafSize::LargeAllowed));
  CHECK(t.tables.leaf(kBase) == 0);
  CHECK(t.tables.leaf(kBase + kWindowSize) != 0);
  CHECK(t.tables.leaf(kBase + 2 * kWindowSize) == 0);
}

TEST_CASE("page_tables: clearing 64 TiB that nobody touched visits next to nothing") {
  Tables t;
  t.tables.clear(kHighStart, kGuestTop);
  CHECK(t.present(kHighStart, kGuestTop) == 0);
}

TEST_CASE("page_tables: a chunk gets its own table again, and no other chunk ever does") {
  Tables t;
  for (int round = 0; round < 20000; ++round) {
    REQUIRE(t.tables.map(kBase, kBase + 2 * kMiB, PROT_READ, LeafSize::Small, kBase, kBase + 2 * kMiB));
    t.tables.clear(kBase, kBase + 2 * kMiB);
    t.tables.release_tables();
  }
  CHECK(t.slots.slots.size() <= 3);
  const uint64_t before = *t.physical->allocate_page();
  REQUIRE(t.tables.map(kBase + 2 * kMiB, kBase + 4 * kMiB, PROT_READ, LeafSize::Small, kBase, kBase + 4 * kMiB));
  CHECK(*t.physical->allocate_page() == before + 2 * 4096);
}

TEST_CASE("page_tables: what a table said before it was parked is gone") {
  Tables t;
  for (const uint64_t chunks : {1, 40}) {
    const uint64_t end = kBase + chunks * 2 * kMiB;
    REQUIRE(t.tables.map(kBase, end, PROT_READ | PROT_WRITE, LeafSize::Small, kBase, end));
    t.tables.clear(kBase, end);
    t.tables.release_tables();
    REQUIRE(t.tables.map(kBase, kBase + 2 * kMiB, PROT_READ, LeafSize::LargeAllowed, kBase, end));
    CHECK(t.tables.leaf(kBase) & x86::kPteLarge);
    t.tables.clear(kBase, end);
    REQUIRE(t.tables.map(kBase + 4096, kBase + 8192, PROT_READ, LeafSize::Small, kBase, end));
    CHECK(t.tables.leaf(kBase) == 0);
    CHECK(t.tables.leaf(kBase + 4096) != 0);
    CHECK(t.tables.leaf(kBase + 8192) == 0);
    t.tables.clear(kBase, end);
  }
}

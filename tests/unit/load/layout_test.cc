#include "km/load/layout.h"

#include <catch2/catch.hpp>

#include "base/checked.h"
#include "tests/unit/load/fake_target.h"

using namespace kontain;
using namespace kontain::load;
using test::ScriptedRandom;

namespace {

constexpr uint64_t kMiB = 1 << 20;

elf::Image image_at(elf::Image::Kind kind, uint64_t address, uint64_t alignment) {
  elf::Image image;
  image.kind = kind;
  image.segments.push_back({address, 0x1000, 0, 0x1000, elf::kRead});
  image.alignment = alignment;
  return image;
}

}  // namespace

TEST_CASE("without randomisation everything has one place") {
  ScriptedRandom random({~uint64_t{0}});
  const AddressLayout layout = choose_layout(random, Randomize::No, 8 * kMiB);
  CHECK(layout.executable_base == mem::kHighStart);
  CHECK(layout.stack_top == mem::kGuestTop - kPageSize);
  CHECK(layout.stack_skip == 0);
  CHECK(layout.brk_skip == 0);
  CHECK(is_page_aligned(layout.mmap_top));
}

TEST_CASE("random choices stay in their ranges") {
  for (const uint64_t bits : {uint64_t{0}, ~uint64_t{0}, uint64_t{0x123456789abcdef0}}) {
    ScriptedRandom random({bits});
    const AddressLayout layout = choose_layout(random, Randomize::Yes, 8 * kMiB);
    CHECK(layout.executable_base >= mem::kHighStart);
    CHECK(layout.executable_base < mem::kHighStart + (uint64_t{1} << 40));
    CHECK(layout.stack_top <= mem::kGuestTop - kPageSize);
    CHECK(layout.stack_top > mem::kGuestTop - kPageSize - (uint64_t{16} << 30));
    CHECK(layout.stack_skip < 8192);
    CHECK(layout.brk_skip < 32 * kMiB);
    // The stack may always grow to its limit before it meets the first mapping.
    CHECK(layout.mmap_top + 8 * kMiB < layout.stack_top);
    for (const uint64_t value : {layout.executable_base, layout.stack_top, layout.mmap_top, layout.brk_skip}) {
      CHECK(is_page_aligned(value));
    }
  }
}

TEST_CASE("the whole ranges are used") {
  ScriptedRandom random({~uint64_t{0}});
  const AddressLayout layout = choose_layout(random, Randomize::Yes, 8 * kMiB);
  CHECK(layout.executable_base == mem::kHighStart + (uint64_t{1} << 40) - kPageSize);
  CHECK(layout.brk_skip == 32 * kMiB - kPageSize);
  CHECK(layout.stack_skip == 8191);
}

TEST_CASE("an unlimited stack leaves room for mappings") {
  ScriptedRandom random({~uint64_t{0}});
  const AddressLayout layout = choose_layout(random, Randomize::Yes, ~uint64_t{0});
  CHECK(layout.mmap_top > mem::kHighStart + (uint64_t{2} << 40));
  CHECK(layout.mmap_top < layout.stack_top);
}

TEST_CASE("a larger stack limit leaves a larger gap") {
  ScriptedRandom random({0});
  const auto top = [&](uint64_t limit) { return choose_layout(random, Randomize::No, limit).mmap_top; };
  CHECK(top(8 * kMiB) - top(1024 * kMiB) == 1016 * kMiB);
}

TEST_CASE("a bias keeps the alignment and never goes below the base") {
  const uint64_t base = 0x5566'0000'1000;
  CHECK(choose_bias(image_at(elf::Image::Kind::Fixed, 0x400000, 4096), base) == 0);
  CHECK(choose_bias(image_at(elf::Image::Kind::Movable, 0, 4096), base) == base);
  CHECK(choose_bias(image_at(elf::Image::Kind::Movable, 0, 0x200000), base) == 0x5566'0020'0000);
  CHECK(choose_bias(image_at(elf::Image::Kind::Movable, 0x5000, 4096), base) == base - 0x5000);
  // Linked above the base: the bias wraps, the sum is right.
  const elf::Image high = image_at(elf::Image::Kind::Movable, 0x6000'0000'0000, 4096);
  CHECK(choose_bias(high, base) + high.low() == base);
}

TEST_CASE("the system's random bits differ from call to call") {
  SystemRandom random;
  const uint64_t first = random.next();
  CHECK((random.next() != first || random.next() != first));
}

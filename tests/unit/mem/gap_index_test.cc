#include "km/mem/gap_index.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace kontain::mem;

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kBase = 1 << 20;
constexpr uint64_t kPages = 300;

// One flag per page, searched page by page.
struct Model {
  std::vector<bool> used = std::vector<bool>(kPages);

  bool free(uint64_t first, uint64_t count) const {
    for (uint64_t i = first; i < first + count; ++i) {
      if (used[i]) return false;
    }
    return true;
  }
  uint64_t below(uint64_t ceiling, uint64_t floor, uint64_t count) const {
    for (uint64_t at = ceiling; at >= floor + count; --at) {
      if (free(at - count, count)) return kBase + (at - count) * kPage;
    }
    return 0;
  }
  uint64_t above(uint64_t floor, uint64_t ceiling, uint64_t count) const {
    for (uint64_t at = floor; at + count <= ceiling; ++at) {
      if (free(at, count)) return kBase + at * kPage;
    }
    return 0;
  }
};

uint64_t address(uint64_t page) { return kBase + page * kPage; }

}  // namespace

TEST_CASE("gap_index: agrees with a search page by page") {
  std::mt19937 random(7);
  const auto pick = [&](uint64_t limit) { return random() % limit; };
  GapIndex gaps(kBase, address(kPages));
  Model model;
  for (int step = 0; step < 20000; ++step) {
    const uint64_t first = pick(kPages);
    const uint64_t count = std::min(kPages - first, 1 + pick(12));
    bool all_used = true;
    for (uint64_t i = first; i < first + count; ++i) all_used &= model.used[i];
    if (model.free(first, count)) {
      gaps.take(address(first), address(first + count));
      for (uint64_t i = first; i < first + count; ++i) model.used[i] = true;
    } else if (all_used) {
      gaps.give(address(first), address(first + count));
      for (uint64_t i = first; i < first + count; ++i) model.used[i] = false;
    }
    const uint64_t floor = pick(kPages);
    const uint64_t ceiling = floor + pick(kPages - floor + 1);
    const uint64_t wanted = 1 + pick(20);
    REQUIRE(gaps.find_below(address(ceiling), address(floor), wanted * kPage, kPage) ==
            model.below(ceiling, floor, wanted));
    REQUIRE(gaps.find_above(address(floor), address(ceiling), wanted * kPage, kPage) ==
            model.above(floor, ceiling, wanted));
  }
}

TEST_CASE("gap_index: an aligned run is found where any misalignment fits") {
  GapIndex gaps(kBase, kBase + 64 * kPage);
  CHECK(gaps.find_below(kBase + 63 * kPage, kBase, 4 * kPage, 16 * kPage) == kBase + 48 * kPage);
  CHECK(gaps.find_above(kBase + kPage, kBase + 64 * kPage, 4 * kPage, 16 * kPage) == kBase + 16 * kPage);
  CHECK(gaps.find_below(kBase + 64 * kPage, kBase, ~0ull - 4095, 16 * kPage) == 0);
}

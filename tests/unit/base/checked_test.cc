#include "base/checked.h"

#include <catch2/catch.hpp>
#include <limits>

namespace kontain {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

TEST_CASE("checked_add gives the sum or nothing") {
  CHECK(checked_add(2, 3) == 5);
  CHECK(checked_add(kMax, 0) == kMax);
  CHECK(checked_add(kMax - 1, 1) == kMax);
  CHECK_FALSE(checked_add(kMax, 1).has_value());
  CHECK_FALSE(checked_add(kMax, kMax).has_value());
}

TEST_CASE("checked_mul gives the product or nothing") {
  CHECK(checked_mul(0, kMax) == 0);
  CHECK(checked_mul(kMax, 1) == kMax);
  CHECK(checked_mul(1ull << 32, (1ull << 32) - 1) == kMax - (1ull << 32) + 1);
  CHECK_FALSE(checked_mul(1ull << 32, 1ull << 32).has_value());
  CHECK_FALSE(checked_mul(kMax, 2).has_value());
}

TEST_CASE("pages round down and up") {
  CHECK(page_down(0) == 0);
  CHECK(page_down(4095) == 0);
  CHECK(page_down(8191) == 4096);
  CHECK(page_up(0) == 0);
  CHECK(page_up(1) == 4096);
  CHECK(page_up(4096) == 4096);
  CHECK(page_up(4097) == 8192);
}

TEST_CASE("page_up wraps to zero in the last page, which callers take as too large") {
  CHECK(page_up(kMax - kPageSize + 1) == kMax - kPageSize + 1);
  CHECK(page_up(kMax - kPageSize + 2) == 0);
  CHECK(page_up(kMax) == 0);
}

TEST_CASE("alignment to any power of two") {
  CHECK(is_page_aligned(0));
  CHECK(is_page_aligned(8192));
  CHECK_FALSE(is_page_aligned(8193));
  CHECK(align_down(0x3fffff, 0x200000) == 0x200000);
  CHECK(align_up(0x200001, 0x200000) == 0x400000);
  CHECK(align_up(0x200000, 0x200000) == 0x200000);
}

}  // namespace
}  // namespace kontain

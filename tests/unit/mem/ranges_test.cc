#include "km/mem/ranges.h"

#include <catch2/catch.hpp>

using namespace kontain::mem;

TEST_CASE("ranges: borders of both guest ranges") {
  CHECK(in_guest(kLowStart, 1));
  CHECK_FALSE(in_guest(kLowStart - 1, 1));
  CHECK(in_guest(kLowEnd - 1, 1));
  CHECK_FALSE(in_guest(kLowEnd - 1, 2));
  CHECK(in_guest(kHighStart, kGuestTop - kHighStart));
  CHECK_FALSE(in_guest(kHighStart - 1, 1));
  CHECK_FALSE(in_guest(kGuestTop - 1, 2));
}

TEST_CASE("ranges: sizes that wrap or span the gap are outside") {
  CHECK_FALSE(in_guest(kLowStart, ~0ull));
  CHECK_FALSE(in_guest(~0ull, 2));
  CHECK_FALSE(in_guest(kLowEnd - 4096, kHighStart - kLowEnd + 8192));
}

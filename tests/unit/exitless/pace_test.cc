#include "km/exitless/pace.h"

#include <catch2/catch.hpp>

namespace kontain::exitless {
namespace {

TEST_CASE("a streak is so many calls without a gap") {
  Streak streak;
  CHECK_FALSE(streak.note(1000, 100, 3));
  CHECK_FALSE(streak.note(1050, 100, 3));
  CHECK_FALSE(streak.note(1150, 100, 3));  // a gap: this is the first of another one
  CHECK_FALSE(streak.note(1249, 100, 3));
  CHECK(streak.note(1348, 100, 3));
  CHECK_FALSE(streak.note(1349, 100, 3));  // counted anew
}

TEST_CASE("periods that are not worth it make waking dearer, one that is makes it cheap again") {
  Backoff backoff(Pace::usual(1000));
  CHECK(backoff.wanted() == 4);
  backoff.end_period(7);
  CHECK(backoff.wanted() == 8);
  for (int i = 0; i < 40; ++i) backoff.end_period(0);
  CHECK(backoff.wanted() == 4096);
  backoff.end_period(8);
  CHECK(backoff.wanted() == 4);
}

TEST_CASE("the dearer an exit, the sooner a server is worth it") {
  const Pace cheap = Pace::usual(1000, 8);
  CHECK(cheap.first_streak == 128);
  CHECK(cheap.streak == 16);
  CHECK(cheap.worthwhile == 32);
  const Pace dear = Pace::usual(1000, 128);
  CHECK(dear.first_streak == 8);
  CHECK(dear.streak == 1);
  CHECK(dear.worthwhile == 2);
  CHECK(dear.gap == 1'280'000);
  CHECK(Pace::usual(1000, 0).streak == 128);
  CHECK(Pace::usual(1000, 5000).first_streak == 1);
  CHECK(Pace::usual(1000, 5000).worthwhile == 1);
}

TEST_CASE("an eager server is woken by every call") {
  Backoff backoff(Pace::eager(1000));
  Streak streak;
  CHECK(streak.note(UINT64_MAX / 2, Pace::eager(1000).gap, backoff.wanted()));
  backoff.end_period(0);
  CHECK(backoff.wanted() == 1);
}

TEST_CASE("the stub compares by powers of two") {
  CHECK(shift_below(0) == 0);
  CHECK(shift_below(1) == 0);
  CHECK(shift_below(16383) == 13);
  CHECK(shift_below(16384) == 14);
}

}  // namespace
}  // namespace kontain::exitless

#include "km/repeat/clock.h"

#include <catch2/catch.hpp>

namespace kontain::repeat {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMoment = 1'700'000'000 * kSecond;
constexpr int64_t kNow = 1'900'000'000 * kSecond;

int64_t ns(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }
timespec at(int64_t time) { return {time / kSecond, time % kSecond}; }

TEST_CASE("a moment is seconds and at most nine digits of a fraction") {
  CHECK(parse_moment("0") == 0);
  CHECK(parse_moment("1700000000") == kMoment);
  CHECK(parse_moment("1.5") == 1'500'000'000);
  CHECK(parse_moment("1.000000001") == 1'000'000'001);
  CHECK(parse_moment("9000000000.999999999") == 9'000'000'000 * kSecond + 999'999'999);
  for (const char* bad : {"", ".", "1.", ".5", "-1", "-0", "+1", " 1", "1 ", "0x10", "1e9", "1.0000000000", "1.-5",
                          "1.5.5", "9000000001", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_moment(bad));
  }
}

TEST_CASE("the clock stands still, and the look is remembered") {
  FixedClock clock(FixedClock::begin(kMoment + 5));
  const int64_t began = clock.state().looked_at;
  CHECK(ns(clock.look()) == kMoment + 5);
  const timespec pause = {0, 2'000'000};
  nanosleep(&pause, nullptr);
  CHECK(ns(clock.look()) == kMoment + 5);
  CHECK(clock.state().looked_at >= began + 2'000'000);
  CHECK(clock.state().started <= began);
}

TEST_CASE("a deadline is as far from the last look as from the moment") {
  const FixedClock clock({kMoment, kNow - 10 * kSecond, kNow});
  CHECK(ns(clock.deadline_on_host(at(kMoment + 3 * kSecond + 7))) == kNow + 3 * kSecond + 7);
  CHECK(ns(clock.deadline_on_host(at(kMoment - kSecond))) == kNow - kSecond);
  CHECK(ns(clock.deadline_on_host(at(kMoment), 37 * kSecond)) == kNow + 37 * kSecond);
  // Before 1970 on the host's clock: past, but a time.
  const FixedClock late({kNow, 5, 5});
  CHECK(ns(late.deadline_on_host({0, 0})) == 0);
}

TEST_CASE("deadlines that are none, and those of never") {
  const FixedClock clock({kMoment, kNow, kNow});
  for (const timespec odd : {timespec{-1, 0}, timespec{1, -1}, timespec{1, kSecond}}) {
    CHECK(clock.deadline_on_host(odd).tv_sec == odd.tv_sec);
    CHECK(clock.deadline_on_host(odd).tv_nsec == odd.tv_nsec);
  }
  CHECK(clock.deadline_on_host({INT64_MAX, 999'999'999}).tv_sec == INT64_MAX);
}

TEST_CASE("no file is shown in a later second, and their order stays") {
  const FixedClock clock({kMoment, kNow, kNow + kSecond});
  const auto shown = [&](int64_t time) { return ns(clock.shown(at(time))); };
  CHECK(shown(0) == 0);
  CHECK(shown(kMoment - 1) == kMoment - 1);
  CHECK(shown(kMoment) == kMoment);
  CHECK(shown(kMoment + 2 * kSecond) == kMoment);  // younger than the moment, older than the run
  CHECK(shown(kNow - 1) == kMoment);
  CHECK(shown(kNow) == kMoment + 1);
  CHECK(shown(kNow + kSecond - 1) == kMoment + 1);
  CHECK(shown(kNow + kSecond) == kMoment + 2);
  CHECK(shown(kNow + 36500LL * 86400 * kSecond) == kMoment + 999'999'999);
  const FixedClock later({kMoment + 1'000'000, kNow, kNow});
  CHECK(ns(later.shown(at(kNow))) == kMoment + 1);
  CHECK(ns(later.shown(at(kNow - 1))) == kMoment);
  // What was shown is shown as it is when it was given to a copy.
  CHECK(shown(kMoment + 2) == kMoment + 2);
  CHECK(clock.shown({INT64_MAX, 0}).tv_sec == kMoment / kSecond);
  CHECK(clock.shown({-5, 1}).tv_sec == -5);
}

TEST_CASE("timers are remembered by their last clock") {
  FixedClock clock({kMoment, kNow, kNow});
  clock.note_timer(3, CLOCK_REALTIME);
  clock.note_timer(4, CLOCK_MONOTONIC);
  CHECK(clock.clock_of_timer(3) == CLOCK_REALTIME);
  CHECK(clock.clock_of_timer(4) == CLOCK_MONOTONIC);
  clock.note_timer(3, CLOCK_MONOTONIC);
  CHECK(clock.clock_of_timer(3) == CLOCK_MONOTONIC);
  CHECK_FALSE(clock.clock_of_timer(5));
}

}  // namespace
}  // namespace kontain::repeat

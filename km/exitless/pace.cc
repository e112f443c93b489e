#include "km/exitless/pace.h"

#include <algorithm>
#include <bit>

namespace kontain::exitless {

namespace {

// How many calls take `us` microseconds.
unsigned calls_in(uint64_t us, uint64_t call_us) {
  return static_cast<unsigned>(std::max<uint64_t>(1, us / std::max<uint64_t>(1, call_us)));
}

}  // namespace

Pace Pace::usual(uint64_t ticks_per_us, uint64_t call_us) {
  Pace pace;
  pace.streak = calls_in(128, call_us);
  pace.first_streak = calls_in(1024, call_us);
  pace.gap = 10 * call_us * ticks_per_us;
  pace.idle = 200 * ticks_per_us;
  pace.preempted = 200 * ticks_per_us;
  pace.worthwhile = calls_in(256, call_us);
  pace.fresh = 10 * ticks_per_us;
  pace.spin = 30 * ticks_per_us;
  return pace;
}

Pace Pace::eager(uint64_t ticks_per_us) {
  Pace pace = usual(ticks_per_us);
  pace.streak = 1;
  pace.first_streak = 1;
  pace.gap = UINT64_MAX;
  pace.idle = 2000 * ticks_per_us;
  pace.preempted = UINT64_MAX;
  pace.worthwhile = 0;
  return pace;
}

uint32_t shift_below(uint64_t ticks) { return ticks == 0 ? 0 : static_cast<uint32_t>(std::bit_width(ticks) - 1); }

bool Streak::note(uint64_t now, uint64_t gap, unsigned wanted) {
  count_ = now - last_ < gap ? count_ + 1 : 1;
  last_ = now;
  if (count_ < wanted) return false;
  count_ = 0;
  return true;
}

void Backoff::end_period(uint64_t served) {
  wanted_ = served < pace_.worthwhile ? std::min(wanted_ * 2, kMost) : pace_.streak;
}

}  // namespace kontain::exitless

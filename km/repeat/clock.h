// The wall clock of a run that is to be repeatable (km --clock): it stands still. Durations, monotonic clocks and the
// processor's counter are real.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

namespace kontain::repeat {

// Nanoseconds since 1970. It goes on over fork and exec.
struct ClockState {
  int64_t moment = 0;     // what the clock shows
  int64_t started = 0;    // by the host's clock: when the tree's first process began
  int64_t looked_at = 0;  // by the host's clock: when this process looked at its clock last, or began
};

// "SECONDS[.FRACTION]" since 1970, at most nine digits of a fraction, up to the year 2255. Nothing for anything else.
std::optional<int64_t> parse_moment(std::string_view text);

// Thread-safe.
class FixedClock {
 public:
  explicit FixedClock(const ClockState& state);
  // Of a tree that begins now.
  static ClockState begin(int64_t moment);

  // For another process, which has none of this one's timers. Takes no lock: also of use in a forked child.
  ClockState state() const { return {moment_, started_, looked_at_}; }

  // What the clock shows. Deadlines that the program makes of it count from now on.
  timespec look();

  // The host's time for a deadline on the fixed clock: as far from the last look as the deadline is from the moment, so
  // that a wait that is begun again with the same deadline ends when the first would have. `ahead`: nanoseconds by
  // which the host's clock that is meant is ahead of CLOCK_REALTIME (CLOCK_TAI). What is no time stays what it is.
  timespec deadline_on_host(const timespec& deadline, int64_t ahead = 0) const;

  // A file's time as the program sees it: never in a later second than the moment. Times from before the first process
  // began are the beginning of that second; later ones follow it by a nanosecond for each second, so that files keep
  // the order that a file system with time stamps of whole seconds would give them.
  timespec shown(const timespec& file_time) const;

  // Which clock the timer `id` (timer_create(2)) is on; nothing where that was not noted.
  void note_timer(int id, clockid_t clock);
  std::optional<clockid_t> clock_of_timer(int id) const;

 private:
  const int64_t moment_;
  const int64_t started_;
  std::atomic<int64_t> looked_at_;
  mutable std::mutex lock_;
  std::map<int, clockid_t> timers_;  // under lock_
};

}  // namespace kontain::repeat

// When the call server is worth its processor: pure arithmetic over ticks of the time stamp counter.
#pragma once

#include <cstdint>

namespace kontain::exitless {

struct Pace {
  // Wakes the server: so many calls that could have been posted, each less than `gap` after the one before.
  unsigned streak = 4;
  // The same to make the server in the first place: a short program is over before that pays.
  unsigned first_streak = 32;
  uint64_t gap = 0;
  // How long the server looks for calls after the last one.
  uint64_t idle = 0;
  // A longer pause between two looks means that somebody else had the processor.
  uint64_t preempted = 0;
  // A period awake that served fewer calls was not worth it; 0: every one is.
  unsigned worthwhile = 0;
  // How old the server's heartbeat may be for the stub to post a call, and how long the stub waits for the result.
  uint64_t fresh = 0;
  uint64_t spin = 0;

  // What was measured to work where a call that takes an exit costs 32 us (4 calls, 32, 320 us, 200 us), for a counter
  // of `ticks_per_us` and calls that cost `call_us`: the dearer an exit, the sooner a server is worth it.
  static Pace usual(uint64_t ticks_per_us, uint64_t call_us = 32);
  // For tests: the server is woken by the first call, and stays awake.
  static Pace eager(uint64_t ticks_per_us);
};

// The largest power of two that is not above `ticks`, as a shift: what the stub compares by.
uint32_t shift_below(uint64_t ticks);

// The calls of one thread that took an exit although the server could have made them.
class Streak {
 public:
  // True when the call at `now` is the `wanted`th of a streak; another one begins then.
  bool note(uint64_t now, uint64_t gap, unsigned wanted);

 private:
  uint64_t last_ = 0;
  unsigned count_ = 0;
};

// How many calls in a row it takes to wake the server: more after each period that was not worth it.
class Backoff {
 public:
  explicit Backoff(const Pace& pace) : pace_(pace), wanted_(pace.streak) {}
  unsigned wanted() const { return wanted_; }
  void end_period(uint64_t served);

 private:
  static constexpr unsigned kMost = 4096;
  Pace pace_;
  unsigned wanted_;
};

}  // namespace kontain::exitless

#include "km/sys/wall_clock.h"

namespace kontain::sys {
namespace {

constexpr int64_t kSecond = 1'000'000'000;  // nanoseconds

// By how much the host's `clock` is ahead of its CLOCK_REALTIME: whole seconds, as leap seconds are.
int64_t ahead_of_realtime(int clock) {
  if (clock != CLOCK_TAI) return 0;
  timespec tai{}, real{};
  clock_gettime(CLOCK_REALTIME, &real);
  clock_gettime(CLOCK_TAI, &tai);
  return (tai.tv_sec - real.tv_sec - (tai.tv_nsec < real.tv_nsec ? 1 : 0)) * kSecond;
}

void show(const repeat::FixedClock& clock, statx_timestamp& time) {
  const timespec shown = clock.shown({time.tv_sec, time.tv_nsec});
  time.tv_sec = shown.tv_sec;
  time.tv_nsec = static_cast<uint32_t>(shown.tv_nsec);
}

}  // namespace

bool is_wall_clock(int clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_REALTIME_ALARM ||
         clock == CLOCK_TAI;
}

std::optional<timespec> fixed_time(Task& task, int clock) {
  repeat::FixedClock* const fixed = task.process().clock.get();
  if (fixed == nullptr || !is_wall_clock(clock)) return std::nullopt;
  return fixed->look();
}

void move_deadline(Task& task, int clock, timespec& deadline) {
  const repeat::FixedClock* const fixed = task.process().clock.get();
  if (fixed != nullptr && is_wall_clock(clock)) deadline = fixed->deadline_on_host(deadline, ahead_of_realtime(clock));
}

void move_deadline(Task& task, int clock, std::optional<timespec>& deadline) {
  if (deadline) move_deadline(task, clock, *deadline);
}

void move_timer(Task& task, int clock, itimerspec& setting) {
  if (setting.it_value.tv_sec != 0 || setting.it_value.tv_nsec != 0) move_deadline(task, clock, setting.it_value);
}

void show_times(Task& task, struct stat& info) {
  const repeat::FixedClock* const fixed = task.process().clock.get();
  if (fixed == nullptr) return;
  for (timespec* time : {&info.st_atim, &info.st_mtim, &info.st_ctim}) *time = fixed->shown(*time);
}

void show_times(Task& task, struct statx& info) {
  const repeat::FixedClock* const fixed = task.process().clock.get();
  if (fixed == nullptr) return;
  for (statx_timestamp* time : {&info.stx_atime, &info.stx_btime, &info.stx_ctime, &info.stx_mtime}) {
    show(*fixed, *time);
  }
}

}  // namespace kontain::sys

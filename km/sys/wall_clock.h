// The wall clock as the payload sees it: the host's, or one that stands still (km/repeat/clock.h).
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <optional>

#include "km/sys/args.h"

namespace kontain::sys {

// True for the clocks of clock_gettime(2) that count from 1970.
bool is_wall_clock(int clock);

// What `clock` shows, when it is a wall clock and stands still.
std::optional<timespec> fixed_time(Task& task, int clock);

// The host's time for an absolute deadline on `clock`.
void move_deadline(Task& task, int clock, timespec& deadline);
void move_deadline(Task& task, int clock, std::optional<timespec>& deadline);
// The same for a timer's first expiry; 0 stops the timer and is no deadline.
void move_timer(Task& task, int clock, itimerspec& setting);

// A file's times as the payload sees them.
void show_times(Task& task, struct stat& info);
void show_times(Task& task, struct statx& info);

}  // namespace kontain::sys

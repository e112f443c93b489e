#include "km/repeat/clock.h"

#include <algorithm>
#include <charconv>

namespace kontain::repeat {
namespace {

using Wide = __int128;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLatest = 9'000'000'000;  // seconds

int64_t now_by(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

Wide nanoseconds(const timespec& time) { return Wide{time.tv_sec} * kSecond + time.tv_nsec; }

timespec to_timespec(Wide time) {
  const Wide seconds = std::min<Wide>(time / kSecond, INT64_MAX);
  return {static_cast<time_t>(seconds), static_cast<long>(time % kSecond)};
}

bool is_time(const timespec& time) { return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < kSecond; }

// All of `text`, digits only.
std::optional<int64_t> digits(std::string_view text) {
  int64_t value = 0;
  const bool has_sign = !text.empty() && text.front() == '-';
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || has_sign) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> parse_moment(std::string_view text) {
  constexpr size_t kDigits = 9;
  const size_t point = text.find('.');
  const auto seconds = digits(text.substr(0, point));
  if (!seconds || *seconds > kLatest) return std::nullopt;
  if (point == std::string_view::npos) return *seconds * kSecond;
  const std::string_view fraction = text.substr(point + 1);
  auto value = digits(fraction);
  if (!value || fraction.size() > kDigits) return std::nullopt;
  for (size_t i = fraction.size(); i < kDigits; ++i) *value *= 10;
  return *seconds * kSecond + *value;
}

FixedClock::FixedClock(const ClockState& state)
    : moment_(state.moment), started_(state.started), looked_at_(state.looked_at) {}

// Files get the coarse time, which is behind by up to a tick.
ClockState FixedClock::begin(int64_t moment) { return {moment, now_by(CLOCK_REALTIME_COARSE), now_by(CLOCK_REALTIME)}; }

timespec FixedClock::look() {
  looked_at_ = now_by(CLOCK_REALTIME);
  return to_timespec(moment_);
}

timespec FixedClock::deadline_on_host(const timespec& deadline, int64_t ahead) const {
  if (!is_time(deadline)) return deadline;
  const Wide looked_at = Wide{state().looked_at} + ahead;
  return to_timespec(std::max<Wide>(nanoseconds(deadline) - moment_ + looked_at, 0));
}

timespec FixedClock::shown(const timespec& file_time) const {
  const Wide time = nanoseconds(file_time);
  const int64_t second = moment_ - moment_ % kSecond;
  // Within the second: a copy of a time that was shown.
  if (time < Wide{second} + kSecond) return file_time;
  if (time < started_) return to_timespec(second);
  return to_timespec(second + std::min<Wide>(1 + (time - started_) / kSecond, kSecond - 1));
}

void FixedClock::note_timer(int id, clockid_t clock) {
  const std::scoped_lock hold(lock_);
  timers_[id] = clock;
}

std::optional<clockid_t> FixedClock::clock_of_timer(int id) const {
  const std::scoped_lock hold(lock_);
  const auto found = timers_.find(id);
  return found != timers_.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace kontain::repeat

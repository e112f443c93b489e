// The handlers of a process whose clock stands still and whose randomness has a seed. Waits are measured.
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMoment = 1'500'000'000;  // seconds
constexpr long kWait = 60'000'000;          // nanoseconds

struct Repeatable : Guest {
  Repeatable() {
    process().clock = std::make_unique<repeat::FixedClock>(repeat::FixedClock::begin(kMoment * kSecond + 250'000'000));
    process().random = std::make_unique<repeat::RandomStream>(repeat::key_of_seed(1));
  }
  timespec look(int clock) {
    auto* out = make<timespec>();
    CHECK(call("clock_gettime", clock, out) == 0);
    return *out;
  }
  // As a program makes it: the clock's time and some more.
  timespec* deadline(int clock = CLOCK_REALTIME) {
    auto* time = make<timespec>(look(clock));
    time->tv_nsec += kWait;
    if (time->tv_nsec >= kSecond) ++time->tv_sec, time->tv_nsec -= kSecond;
    return time;
  }
};

int64_t monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

// What `wait()` returns; it takes as long as the deadline says and not years.
template <class Wait>
int64_t takes_its_time(Wait wait) {
  const int64_t begun = monotonic();
  const int64_t result = wait();
  const int64_t took = monotonic() - begun;
  CHECK(took >= kWait - 5'000'000);
  CHECK(took < 20 * kSecond);
  return result;
}

TEST_CASE("wall clocks stand still, the others do not") {
  Repeatable guest;
  for (const int clock : {CLOCK_REALTIME, CLOCK_REALTIME_COARSE, CLOCK_TAI, CLOCK_REALTIME_ALARM}) {
    CHECK(guest.look(clock).tv_sec == kMoment);
    CHECK(guest.look(clock).tv_nsec == 250'000'000);
  }
  auto* time = guest.make<timeval>();
  CHECK(guest.call("gettimeofday", time, nullptr) == 0);
  CHECK((time->tv_sec == kMoment && time->tv_usec == 250'000));
  auto* seconds = guest.make<int64_t>();
  CHECK(guest.call("time", seconds) == kMoment);
  CHECK(*seconds == kMoment);
  CHECK(guest.call("clock_gettime", CLOCK_REALTIME, guest.unmapped()) == -EFAULT);
  CHECK(guest.call("clock_gettime", 99, time) == -EINVAL);
  for (const int clock : {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW}) {
    const timespec before = guest.look(clock);
    const timespec pause = {0, 2'000'000};
    nanosleep(&pause, nullptr);
    const timespec after = guest.look(clock);
    CHECK((after.tv_sec - before.tv_sec) * kSecond + after.tv_nsec - before.tv_nsec >= 2'000'000);
  }
}

TEST_CASE("sleeps until a time on a clock that stands still end") {
  Repeatable guest;
  for (const int clock : {CLOCK_REALTIME, CLOCK_TAI, CLOCK_MONOTONIC}) {
    const timespec* time = guest.deadline(clock);
    CHECK(takes_its_time([&] { return guest.call("clock_nanosleep", clock, TIMER_ABSTIME, time, nullptr); }) == 0);
  }
  auto* past = guest.make<timespec>({kMoment - 1, 0});
  const int64_t begun = monotonic();
  CHECK(guest.call("clock_nanosleep", CLOCK_REALTIME, TIMER_ABSTIME, past, nullptr) == 0);
  CHECK(monotonic() - begun < kSecond);
  auto* bad = guest.make<timespec>({kMoment, kSecond});
  CHECK(guest.call("clock_nanosleep", CLOCK_REALTIME, TIMER_ABSTIME, bad, nullptr) == -EINVAL);
}

TEST_CASE("a wait that begins again with the same deadline ends when the first would have") {
  Repeatable guest;
  auto* time = guest.deadline();
  time->tv_sec += 1;
  const timespec pause = {1, kWait};
  nanosleep(&pause, nullptr);
  const int64_t begun = monotonic();
  CHECK(guest.call("clock_nanosleep", CLOCK_REALTIME, TIMER_ABSTIME, time, nullptr) == 0);
  CHECK(monotonic() - begun < kSecond);
}

TEST_CASE("futexes with deadlines end") {
  Repeatable guest;
  auto* word = guest.make<uint32_t>(0);
  for (const int clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    const int operation = FUTEX_WAIT_BITSET | (clock == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0);
    const timespec* time = guest.deadline(clock);
    CHECK(takes_its_time([&] { return guest.call("futex", word, operation, 0, time, nullptr, ~0U); }) == -ETIMEDOUT);
  }
  const timespec* duration = guest.make<timespec>({0, kWait});
  CHECK(takes_its_time([&] { return guest.call("futex", word, FUTEX_WAIT, 0, duration, nullptr, 0); }) == -ETIMEDOUT);
}

TEST_CASE("timers with deadlines expire") {
  Repeatable guest;
  for (const int clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    auto* setting = guest.make<itimerspec>({{0, 0}, *guest.deadline(clock)});
    auto* count = guest.make<uint64_t>();
    const int64_t fd = guest.call("timerfd_create", clock, 0);
    REQUIRE(fd >= 0);
    CHECK(takes_its_time([&] {
            CHECK(guest.call("timerfd_settime", fd, TFD_TIMER_ABSTIME, setting, nullptr) == 0);
            return guest.call("read", fd, count, 8);
          }) == 8);
    // 0 stops it.
    CHECK(guest.call("timerfd_settime", fd, TFD_TIMER_ABSTIME, setting, nullptr) == 0);
    auto* left = guest.make<itimerspec>();
    setting->it_value = {0, 0};
    CHECK(guest.call("timerfd_settime", fd, TFD_TIMER_ABSTIME, setting, nullptr) == 0);
    CHECK(guest.call("timerfd_gettime", fd, left) == 0);
    CHECK(left->it_value.tv_nsec == 0);
    CHECK(guest.call("close", fd) == 0);
    auto* id = guest.make<int>();
    auto* event = static_cast<char*>(guest.allocate(64));
    const int none = SIGEV_NONE;
    std::memcpy(event + 12, &none, sizeof none);  // sigev_notify
    REQUIRE(guest.call("timer_create", clock, event, id) == 0);
    setting->it_value = *guest.deadline(clock);
    setting->it_value.tv_sec += 1000;
    CHECK(guest.call("timer_settime", *id, TIMER_ABSTIME, setting, nullptr) == 0);
    CHECK(guest.call("timer_gettime", *id, left) == 0);
    CHECK((left->it_value.tv_sec > 900 && left->it_value.tv_sec <= 1000));
    CHECK(guest.call("timer_delete", *id) == 0);
  }
}

TEST_CASE("files are no younger than the clock") {
  Repeatable guest;
  const ScratchDirectory directory;
  const char* path = guest.text(directory / "new");
  const int64_t fd = guest.call("open", path, O_RDWR | O_CREAT, 0600);
  REQUIRE(fd >= 0);
  auto* info = guest.make<struct stat>();
  const auto is_shown = [&] {
    for (const timespec& time : {info->st_atim, info->st_mtim, info->st_ctim}) {
      CHECK(time.tv_sec == kMoment);
      CHECK((time.tv_nsec > 0 && time.tv_nsec < 250'000'000));
    }
  };
  CHECK(guest.call("fstat", fd, info) == 0);
  is_shown();
  for (const char* name : {"stat", "lstat"}) {
    CHECK(guest.call(name, path, info) == 0);
    is_shown();
  }
  CHECK(guest.call("newfstatat", AT_FDCWD, path, info, 0) == 0);
  is_shown();
  auto* extended = guest.make<struct statx>();
  CHECK(guest.call("statx", AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME, extended) == 0);
  CHECK(extended->stx_mtime.tv_sec == kMoment);
  CHECK(extended->stx_ctime.tv_sec == kMoment);
  CHECK(guest.call("newfstatat", AT_FDCWD, guest.text("/usr"), info, 0) == 0);
  CHECK(info->st_mtim.tv_nsec == 0);  // older than the run
  // An old time is shown as it is.
  auto* times = static_cast<timespec*>(guest.allocate(2 * sizeof(timespec)));
  times[0] = times[1] = {1'000'000'000, 5};
  CHECK(guest.call("utimensat", AT_FDCWD, path, times, 0) == 0);
  CHECK(guest.call("stat", path, info) == 0);
  CHECK((info->st_mtim.tv_sec == 1'000'000'000 && info->st_mtim.tv_nsec == 5));
}

std::string random_bytes(Guest& guest, const std::string& how) {
  constexpr size_t kSize = 40;
  auto* buffer = static_cast<char*>(guest.allocate(kSize));
  if (how == "getrandom") CHECK(guest.call("getrandom", buffer, kSize, 0) == kSize);
  const int64_t fd = guest.call("open", guest.text(how == "random" ? "/dev/random" : "/dev/urandom"), O_RDONLY);
  REQUIRE(fd >= 0);
  if (how == "read" || how == "random") CHECK(guest.call("read", fd, buffer, kSize) == kSize);
  if (how == "pread64") CHECK(guest.call("pread64", fd, buffer, kSize, 7) == kSize);
  auto* vector = static_cast<iovec*>(guest.allocate(2 * sizeof(iovec)));
  vector[0] = {buffer, 3};
  vector[1] = {buffer + 3, kSize - 3};
  if (how == "readv") CHECK(guest.call("readv", fd, vector, 2) == kSize);
  if (how == "preadv") CHECK(guest.call("preadv", fd, vector, 2, 9, 0) == kSize);
  if (how == "preadv2") CHECK(guest.call("preadv2", fd, vector, 2, 9, 0, 0) == kSize);
  CHECK(guest.call("close", fd) == 0);
  return {buffer, kSize};
}

TEST_CASE("random bytes are the seed's by whatever call") {
  repeat::RandomStream stream(repeat::key_of_seed(1));
  std::string expected(40, '\0');
  stream.read(std::as_writable_bytes(std::span(expected)));
  for (const char* how : {"getrandom", "read", "random", "pread64", "readv", "preadv", "preadv2"}) {
    CAPTURE(how);
    Repeatable guest;
    CHECK(random_bytes(guest, how) == expected);
    CHECK(random_bytes(guest, how) != expected);
  }
}

TEST_CASE("seeded calls fail as the host's do") {
  Repeatable guest;
  auto* buffer = static_cast<char*>(guest.allocate(64));
  CHECK(guest.call("getrandom", buffer, 8, 0x100) == -EINVAL);
  CHECK(guest.call("getrandom", buffer, 8, GRND_RANDOM | 4) == -EINVAL);
  CHECK(guest.call("getrandom", guest.unmapped(), 8, 0) == -EFAULT);
  CHECK(guest.call("getrandom", guest.unmapped(), 0, 0) == 0);
  const int64_t out = guest.call("open", guest.text("/dev/urandom"), O_WRONLY);
  CHECK(guest.call("read", out, buffer, 8) == -EBADF);
  const int64_t in = guest.call("open", guest.text("/dev/urandom"), O_RDONLY);
  CHECK(guest.call("read", in, guest.unmapped(), 8) == -EFAULT);
  CHECK(guest.call("read", in, buffer, 0) == 0);
  int* ends = guest.make<int>();
  REQUIRE(guest.call("pipe", ends) == 0);
  // Nothing of the host's randomness gets past the seed.
  CHECK(guest.call("splice", in, nullptr, ends[1], nullptr, 16, 0) == -EINVAL);
  CHECK(guest.call("sendfile", ends[1], in, nullptr, 16) == -EINVAL);
  CHECK(guest.call("write", out, buffer, 8) == 8);
}

}  // namespace
}  // namespace kontain::test

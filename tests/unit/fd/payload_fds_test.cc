#include "km/fd/payload_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace kontain::fd {
namespace {

std::vector<int> numbers_of(const PayloadFds& fds, unsigned first, unsigned last) {
  std::vector<int> numbers;
  fds.for_each(first, last, [&](int number) { numbers.push_back(number); });
  return numbers;
}

TEST_CASE("a number is the payload's from when it is published to when it is withdrawn") {
  PayloadFds fds;
  const int number = GENERATE(0, 63, 64, 4095, 4096, 70'000, PayloadFds::kNumbers - 1);
  CHECK_FALSE(fds.contains(number));
  CHECK_FALSE(fds.withdraw(number));
  REQUIRE(fds.publish(number));
  CHECK(fds.contains(number));
  CHECK(numbers_of(fds, 0, ~0U) == std::vector{number});
  CHECK(fds.word(static_cast<size_t>(number) / 64) == uint64_t{1} << (number % 64));
  CHECK(fds.withdraw(number));
  CHECK_FALSE(fds.contains(number));
  CHECK_FALSE(fds.withdraw(number));
}

TEST_CASE("numbers that cannot exist are nobody's") {
  PayloadFds fds;
  CHECK(fds.publish(5000));
  for (const int number : {-1, -100, PayloadFds::kNumbers, INT32_MAX, INT32_MIN}) {
    CHECK_FALSE(fds.publish(number));
    CHECK_FALSE(fds.contains(number));
    CHECK_FALSE(fds.withdraw(number));
  }
  CHECK(fds.word(1 << 20) == 0);
}

TEST_CASE("a range is visited in order and within its ends") {
  PayloadFds fds;
  for (const int number : {3, 4, 63, 64, 4095, 4096, 4200}) fds.publish(number);
  CHECK(numbers_of(fds, 4, 4096) == std::vector{4, 63, 64, 4095, 4096});
  CHECK(numbers_of(fds, 5, 62).empty());
  CHECK(numbers_of(fds, 4200, 4200) == std::vector{4200});
  CHECK(numbers_of(fds, 1 << 30, ~0U).empty());
}

TEST_CASE("a copy goes its own way") {
  PayloadFds parent;
  parent.publish(3);
  parent.publish(5000);
  PayloadFds child(parent);
  CHECK(child.withdraw(5000));
  CHECK(child.publish(4));
  CHECK(parent.contains(5000));
  CHECK_FALSE(parent.contains(4));
  CHECK(child.contains(3));
}

TEST_CASE("of many threads that withdraw a number one has done it") {
  PayloadFds fds;
  constexpr int kRounds = 2000;
  std::atomic<int> taken = 0;
  std::atomic<int> round = -1;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int number = 0; number < kRounds; ++number) {
        while (round < number) std::this_thread::yield();
        if (fds.withdraw(4000 + number)) ++taken;
      }
    });
  }
  for (int number = 0; number < kRounds; ++number) {
    fds.publish(4000 + number);
    round = number;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == kRounds);
}

TEST_CASE("what is open is found with and without a procfs") {
  const UniqueFd low(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd high(fcntl(low.get(), F_DUPFD_CLOEXEC, 700));
  const UniqueFd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::vector<int> searched = open_descriptors(-1);
  CHECK(std::ranges::is_sorted(searched));
  for (const int number : {low.get(), high.get(), proc.get()}) CHECK(std::ranges::count(searched, number) == 1);
  CHECK(open_descriptors(proc.get()) == searched);
}

}  // namespace
}  // namespace kontain::fd

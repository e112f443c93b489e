#include "km/fd/monitor_fds.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

namespace kontain::test {
namespace {

using fd::MonitorFds;

bool is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

UniqueFd null_device() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Runs `body` in a child whose descriptor limits are these: true when it returned true.
template <class Body>
bool with_limits(rlim_t soft, rlim_t hard, Body body) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limits = {soft, hard};
    _exit(setrlimit(RLIMIT_NOFILE, &limits) == 0 && body() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

rlim_t soft_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

TEST_CASE("adopted descriptors lie beyond the usual limit and are closed on exec") {
  CHECK(with_limits(1024, 16384, [] {
    MonitorFds fds;
    const auto first = fds.adopt(null_device());
    const auto second = fds.adopt(null_device());
    if (!first || !second || first->get() != 1024 || second->get() != 1025) return false;
    return fcntl(first->get(), F_GETFD) == FD_CLOEXEC && fds.is_monitor_fd(1024) && soft_limit() == 1024;
  }));
}

TEST_CASE("the numbers of the monitor are two regions, used or not") {
  CHECK(with_limits(1024, 16384, [] {
    MonitorFds fds;
    auto adopted = fds.adopt(null_device());
    std::vector<std::pair<int, int>> runs;
    fds.for_each_run([&](int first, int last) { runs.emplace_back(first, last); });
    const std::vector<std::pair<int, int>> expected = {{1024, 1279}, {14336, 16383}};
    if (runs != expected) return false;
    if (fds.is_monitor_fd(1023) || fds.is_monitor_fd(1280) || fds.is_monitor_fd(-1) || fds.is_monitor_fd(1 << 30))
      return false;
    return fds.first_owned_at_or_after(0) == 1024 && fds.first_owned_at_or_after(1280) == 14336 &&
           fds.first_owned_at_or_after(16384) == MonitorFds::kNumbers && fds.first_free_at_or_after(1030) == 1280;
  }));
}

TEST_CASE("hundreds of descriptors go on in the far region") {
  CHECK(with_limits(1024, 16384, [] {
    MonitorFds fds;
    std::vector<UniqueFd> adopted;
    for (int i = 0; i < MonitorFds::kNearSize + 3; ++i) {
      auto one = fds.adopt(null_device());
      if (!one || !fds.is_monitor_fd(one->get())) return false;
      adopted.push_back(std::move(*one));
    }
    return adopted.back().get() == 16384 - 16384 / 8 + 2;
  }));
}

TEST_CASE("without a number left the descriptor is closed and the rest stays") {
  CHECK(with_limits(64, 64, [] {
    MonitorFds fds;
    std::vector<UniqueFd> adopted;
    for (int i = 0; i < MonitorFds::kLeast; ++i) {
      auto one = fds.adopt(null_device());
      if (!one || one->get() != 48 + i) return false;
      adopted.push_back(std::move(*one));
    }
    UniqueFd more = null_device();
    const int number = more.get();
    return !fds.adopt(std::move(more)) && !is_open(number) && is_open(63);
  }));
}

TEST_CASE("a limit without room for the monitor is an error that names it") {
  CHECK(with_limits(20, 20, [] {
    MonitorFds fds;
    const auto adopted = fds.adopt(null_device());
    return !adopted && adopted.error().message().find("limit of 20 (ulimit -n)") != std::string::npos;
  }));
}

TEST_CASE("numbers that were inherited are not the monitor's") {
  CHECK(with_limits(16384, 16384, [] {
    for (int number = 1024; number < 1280; ++number) dup2(0, number);
    close(1100);
    dup2(0, 15000);
    MonitorFds fds;
    const auto adopted = fds.adopt(null_device());
    return adopted && adopted->get() == 1100 && !fds.is_monitor_fd(1024) && !fds.is_monitor_fd(15000) &&
           fds.is_monitor_fd(15001);
  }));
}

TEST_CASE("regions full of inherited descriptors are left for others") {
  CHECK(with_limits(1300, 1300, [] {
    for (int number = 1000; number < 1290; ++number) dup2(0, number);
    MonitorFds fds;
    const auto adopted = fds.adopt(null_device());
    return adopted && adopted->get() < 1000 && is_open(1024);
  }));
}

TEST_CASE("what was the monitor's before an exec keeps its number") {
  CHECK(with_limits(1024, 16384, [] {
    const UniqueFd source = null_device();
    const int before = fcntl(source.get(), F_DUPFD, 0);
    rlimit all = {16384, 16384};
    setrlimit(RLIMIT_NOFILE, &all);
    dup2(before, 1026);
    MonitorFds fds;
    const auto low = fds.adopt_inherited(UniqueFd(before));
    const auto high = fds.adopt_inherited(UniqueFd(1026));
    return low && high && low->get() == 1024 && !is_open(before) && high->get() == 1026 && fds.is_monitor_fd(1026) &&
           fcntl(1026, F_GETFD) == FD_CLOEXEC;
  }));
}

TEST_CASE("a released number is used again and never left unguarded") {
  CHECK(with_limits(1024, 16384, [] {
    MonitorFds fds;
    auto first = fds.adopt(null_device());
    fds.release(std::move(*first));
    if (is_open(1024) || !fds.is_monitor_fd(1024)) return false;
    const auto again = fds.adopt(null_device());
    return again && again->get() == 1024;
  }));
}

TEST_CASE("a descriptor of the payload on a reserved number is not replaced") {
  CHECK(with_limits(2048, 16384, [] {
    MonitorFds fds;
    const auto first = fds.adopt(null_device());
    const int passing = fcntl(0, F_DUPFD, 1025);
    const auto second = fds.adopt(null_device());
    return second && passing == 1025 && second->get() == 1026;
  }));
}

TEST_CASE("an unused number can be given away, a used one only by its owner's leave") {
  CHECK(with_limits(2048, 16384, [] {
    MonitorFds fds;
    auto own = fds.adopt(null_device());
    if (!fds.vacate(1100) || fds.is_monitor_fd(1100)) return false;
    if (fds.vacate(own->get())) return false;
    fds.on_renumber([](int, int) { return false; });
    if (fds.vacate(own->get()) || is_open(1025)) return false;
    fds.on_renumber([&](int from, int to) {
      if (from != own->get()) return false;
      own->release();
      own->reset(to);
      return true;
    });
    return fds.vacate(1024) && own->get() == 1025 && is_open(1025) && !is_open(1024) && !fds.is_monitor_fd(1024);
  }));
}

TEST_CASE("the monitor keeps a reserve") {
  CHECK(with_limits(64, 64, [] {
    MonitorFds fds;
    const auto own = fds.adopt(null_device());
    return !fds.vacate(60) && !fds.cede(60) && fds.is_monitor_fd(60);
  }));
  CHECK(with_limits(1024, 2048, [] {
    MonitorFds fds;
    const auto own = fds.adopt(null_device());
    int given = 0;
    for (int number = 1025; number < 1280; ++number) given += fds.cede(number) ? 1 : 0;
    return given == MonitorFds::kNearSize - 1 - MonitorFds::kLeast;
  }));
}

TEST_CASE("a room raises the limit until the last one closes") {
  CHECK(with_limits(100, 400, [] {
    MonitorFds fds;
    {
      const fd::DescriptorRoom outer(fds);
      {
        const fd::DescriptorRoom inner(fds);
      }
      if (soft_limit() != 400 || fds.limit().rlim_cur != 100) return false;
      if (!fds.set_limit({50, 400}) || soft_limit() != 400) return false;
    }
    return soft_limit() == 50 && fds.set_limit({60, 400}) && soft_limit() == 60;
  }));
}

TEST_CASE("an exec and a fork hand on the payload's limit") {
  CHECK(with_limits(100, 400, [] {
    MonitorFds fds;
    const fd::DescriptorRoom room(fds);
    fds.lock_for_exec();
    const bool is_restored = soft_limit() == 100;
    fds.unlock();
    return is_restored;
  }));
  CHECK(with_limits(100, 400, [] {
    MonitorFds fds;
    fds.adopt(null_device())->release();
    new fd::DescriptorRoom(fds);  // a room of a thread that the child does not have
    fds.forget_all_in_fork_child({});
    return soft_limit() == 100 && fds.limit().rlim_cur == 100;
  }));
}

TEST_CASE("the child of a fork drops what it does not keep") {
  CHECK(with_limits(1024, 16384, [] {
    MonitorFds fds;
    auto kept = fds.adopt(null_device());
    auto dropped = fds.adopt(null_device());
    const int number = dropped->release();
    fds.lock();
    fds.unlock();
    const int keep[] = {kept->get()};
    fds.forget_all_in_fork_child(keep);
    if (!is_open(kept->get()) || is_open(number) || !fds.is_monitor_fd(number)) return false;
    const auto again = fds.adopt(null_device());
    return again && again->get() == number;
  }));
}

}  // namespace
}  // namespace kontain::test

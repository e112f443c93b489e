#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <array>
#include <catch2/catch.hpp>

#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

// A pipe with one byte in it.
struct FullPipe {
  explicit FullPipe(Guest& guest) {
    ends = guest.make<int>();
    guest.call("pipe", ends);
    guest.call("write", ends[1], guest.text("x"), 1);
  }
  ~FullPipe() {
    close(ends[0]);
    close(ends[1]);
  }
  int* ends;
};

TEST_CASE("poll reports what is ready") {
  Guest guest;
  const FullPipe pipe(guest);
  auto* fds = guest.make<std::array<pollfd, 2>>({pollfd{pipe.ends[0], POLLIN, 0}, pollfd{-1, POLLIN, 7}});
  CHECK(guest.call("poll", fds, 2, -1) == 1);
  CHECK((*fds)[0].revents == POLLIN);
  CHECK((*fds)[1].revents == 0);
  CHECK((*fds)[1].fd == -1);
  auto* timeout = guest.make<timespec>({5, 0});
  CHECK(guest.call("ppoll", fds, 1, timeout, nullptr, 0) == 1);
  CHECK(timeout->tv_sec <= 5);
  CHECK(guest.call("ppoll", fds, 1, timeout, guest.make<uint64_t>(), 4) == -EINVAL);
  CHECK(guest.call("poll", nullptr, 0, 0) == 0);
}

TEST_CASE("a descriptor of the monitor polls as one that is not open") {
  Guest guest;
  auto* fds = guest.make<pollfd>({guest.monitor_fd(), POLLIN | POLLOUT, 0});
  CHECK(guest.call("poll", fds, 1, -1) == 1);
  CHECK(fds->revents == POLLNVAL);
  CHECK(fds->fd == guest.monitor_fd());
}

TEST_CASE("poll takes no more entries than there can be descriptors") {
  Guest guest;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  void* memory = guest.allocate(64);
  CHECK(guest.call("poll", memory, limit.rlim_cur + 1, 0) == -EINVAL);
  CHECK(guest.call("poll", memory, 0xffffffffu, 0) == -EINVAL);
}

TEST_CASE("select reports what is ready and counts down") {
  Guest guest;
  const FullPipe pipe(guest);
  auto* set = guest.make<std::array<uint64_t, 16>>();
  (*set)[static_cast<size_t>(pipe.ends[0]) / 64] = uint64_t{1} << (pipe.ends[0] % 64);
  auto* timeout = guest.make<timeval>({3, 0});
  CHECK(guest.call("select", pipe.ends[0] + 1, set, nullptr, nullptr, timeout) == 1);
  CHECK(timeout->tv_sec <= 3);
  CHECK(guest.call("select", -1, nullptr, nullptr, nullptr, timeout) == -EINVAL);
  struct Mask {
    const uint64_t* address;
    uint64_t size;
  };
  auto* mask = guest.make<Mask>({guest.make<uint64_t>(), 8});
  auto* time = guest.make<timespec>();
  CHECK(guest.call("pselect6", pipe.ends[0] + 1, set, nullptr, nullptr, time, mask) == 1);
  mask->size = 16;
  CHECK(guest.call("pselect6", pipe.ends[0] + 1, set, nullptr, nullptr, time, mask) == -EINVAL);
  char byte = 0;
  REQUIRE(read(pipe.ends[0], &byte, 1) == 1);
  CHECK(guest.call("select", pipe.ends[0] + 1, set, nullptr, nullptr, guest.make<timeval>()) == 0);
  CHECK((*set)[static_cast<size_t>(pipe.ends[0]) / 64] == 0);
}

TEST_CASE("select refuses the monitor's descriptors in every set") {
  Guest guest;
  auto* set = guest.make<std::array<uint64_t, 32>>();
  const auto number = static_cast<size_t>(guest.monitor_fd());
  (*set)[number / 64] = uint64_t{1} << (number % 64);
  auto* zero = guest.make<timeval>();
  CHECK(guest.call("select", number + 1, set, nullptr, nullptr, zero) == -EBADF);
  CHECK(guest.call("select", number + 1, nullptr, set, nullptr, zero) == -EBADF);
  CHECK(guest.call("select", 2048, nullptr, nullptr, set, zero) == -EBADF);
  // Beyond the count the set is not looked at.
  CHECK(guest.call("select", number, set, nullptr, nullptr, zero) == 0);
}

TEST_CASE("epoll reports what is ready with the payload's data") {
  Guest guest;
  const FullPipe pipe(guest);
  const int64_t epoll = guest.call("epoll_create1", 0);
  auto* event = guest.make<epoll_event>();
  event->events = EPOLLIN;
  event->data.u64 = 0x123456789abcdef;
  CHECK(guest.call("epoll_ctl", epoll, EPOLL_CTL_ADD, pipe.ends[0], event) == 0);
  auto* ready = guest.make<std::array<epoll_event, 4>>();
  CHECK(guest.call("epoll_wait", epoll, ready, 4, -1) == 1);
  CHECK((*ready)[0].data.u64 == 0x123456789abcdef);
  CHECK(guest.call("epoll_wait", epoll, monitor_address(), 1, 0) == -EFAULT);
  CHECK(guest.call("epoll_wait", epoll, ready, 0, 0) == -EINVAL);
  CHECK(guest.call("epoll_wait", epoll, ready, 0x7fffffff, 0) == -EINVAL);
  CHECK(guest.call("epoll_pwait", epoll, ready, 4, 0, guest.make<uint64_t>(), 4) == -EINVAL);
  CHECK(guest.call("epoll_pwait2", epoll, ready, 4, guest.make<timespec>(), nullptr, 8) == 1);
  CHECK(guest.call("epoll_ctl", epoll, EPOLL_CTL_DEL, pipe.ends[0], nullptr) == 0);
  CHECK(guest.call("epoll_create", 0) == -EINVAL);
  close(static_cast<int>(epoll));
}

}  // namespace
}  // namespace kontain::test

#include "km/sys/attempt.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "km/sys/descriptor_kind.h"
#include "km/sys/table.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

template <class T>
uint64_t raw(T* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

// What the call server would give: the result, or nothing when the thread has to make the call.
std::optional<int64_t> tried(Guest& guest, uint32_t number, const sys::RawArgs& args) {
  guest.take_open_descriptors();
  const sys::Attempted attempted = sys::attempt(guest.task(), number, args);
  if (!attempted.call) return attempted.result;
  const int64_t result = sys::dispatch(guest.task(), attempted.call->number, attempted.call->args).raw();
  return result == attempted.call->waits ? std::nullopt : std::optional(result);
}

struct SocketPair {
  explicit SocketPair(int type = SOCK_STREAM) { REQUIRE(socketpair(AF_UNIX, type, 0, ends.data()) == 0); }
  ~SocketPair() {
    close(ends[0]);
    close(ends[1]);
  }
  uint64_t here() const { return static_cast<uint64_t>(ends[0]); }
  void send(std::string_view text) const {
    REQUIRE(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  std::array<int, 2> ends{};
};

TEST_CASE("poll is answered when something is ready, or nobody wants to wait") {
  Guest guest;
  const SocketPair pair;
  auto* entry = guest.make<pollfd>({pair.ends[0], POLLIN, 0});
  CHECK_FALSE(tried(guest, SYS_poll, {raw(entry), 1, 1000}));
  CHECK_FALSE(tried(guest, SYS_poll, {raw(entry), 1, static_cast<uint64_t>(-1)}));
  CHECK(tried(guest, SYS_poll, {raw(entry), 1, 0}) == 0);
  pair.send("x");
  CHECK(tried(guest, SYS_poll, {raw(entry), 1, static_cast<uint64_t>(-1)}) == 1);
  CHECK(entry->revents == POLLIN);
  CHECK(tried(guest, SYS_poll, {raw(guest.unmapped()), 1, 5}) == -EFAULT);
}

TEST_CASE("epoll_wait and epoll_pwait without a mask are answered when something is ready") {
  Guest guest;
  const SocketPair pair;
  const int epoll = epoll_create1(0);
  epoll_event wanted{.events = EPOLLIN | EPOLLET, .data = {.u64 = 42}};
  REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.ends[0], &wanted) == 0);
  const auto number = static_cast<uint64_t>(epoll);
  auto* event = guest.make<epoll_event>();
  auto* mask = guest.make<uint64_t>();
  CHECK_FALSE(tried(guest, SYS_epoll_wait, {number, raw(event), 1, 1000}));
  CHECK(tried(guest, SYS_epoll_wait, {number, raw(event), 1, 0}) == 0);
  CHECK(tried(guest, SYS_epoll_wait, {number, raw(event), 0, 1000}) == -EINVAL);
  pair.send("x");
  CHECK_FALSE(tried(guest, SYS_epoll_pwait, {number, raw(event), 1, 1000, raw(mask), 8}));
  CHECK(tried(guest, SYS_epoll_pwait, {number, raw(event), 1, static_cast<uint64_t>(-1), 0, 8}) == 1);
  CHECK(event->data.u64 == 42);
  CHECK_FALSE(tried(guest, SYS_epoll_wait, {number, raw(event), 1, 1000}));  // the edge was reported
  close(epoll);
}

TEST_CASE("a receiving call on a socket that waits is answered when there is something to receive") {
  Guest guest;
  const SocketPair pair;
  auto* buffer = static_cast<char*>(guest.allocate(16));
  CHECK_FALSE(tried(guest, SYS_recvfrom, {pair.here(), raw(buffer), 16, 0}));
  CHECK(tried(guest, SYS_recvfrom, {pair.here(), raw(buffer), 16, MSG_DONTWAIT}) == -EAGAIN);
  pair.send("hello");
  CHECK(tried(guest, SYS_recvfrom, {pair.here(), raw(buffer), 16, MSG_PEEK}) == 5);
  CHECK_FALSE(tried(guest, SYS_recvfrom, {pair.here(), raw(buffer), 16, MSG_WAITALL}));
  auto* part = guest.make<iovec>({buffer, 16});
  msghdr shape{};
  shape.msg_iov = part;
  shape.msg_iovlen = 1;
  auto* message = guest.make<msghdr>(shape);
  CHECK(tried(guest, SYS_recvmsg, {pair.here(), raw(message), 0}) == 5);
  CHECK_FALSE(tried(guest, SYS_recvmsg, {pair.here(), raw(message), 0}));
  close(pair.ends[1]);
  CHECK(tried(guest, SYS_recvfrom, {pair.here(), raw(buffer), 16, 0}) == 0);
}

TEST_CASE("a socket with a threshold is its thread's") {
  Guest guest;
  const SocketPair pair;
  const int threshold = 4;
  REQUIRE(setsockopt(pair.ends[0], SOL_SOCKET, SO_RCVLOWAT, &threshold, sizeof threshold) == 0);
  pair.send("abc");
  auto* buffer = guest.allocate(16);
  CHECK_FALSE(tried(guest, SYS_recvfrom, {pair.here(), raw(buffer), 16, 0}));
}

TEST_CASE("nobody receives from a descriptor of the monitor") {
  Guest guest;
  auto* buffer = guest.allocate(16);
  CHECK_FALSE(tried(guest, SYS_recvfrom, {static_cast<uint64_t>(guest.monitor_fd()), raw(buffer), 16, 0}));
}

TEST_CASE("futex wakes are answered, and waits for a word that has changed") {
  Guest guest;
  auto* word = guest.make<uint32_t>(7);
  CHECK(tried(guest, SYS_futex, {raw(word), FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1}) == 0);
  CHECK(tried(guest, SYS_futex, {raw(word), FUTEX_CMP_REQUEUE, 1, 1, raw(word), 8}) == -EAGAIN);
  CHECK_FALSE(tried(guest, SYS_futex, {raw(word), FUTEX_WAIT_PRIVATE, 7, 0}));
  CHECK(tried(guest, SYS_futex, {raw(word), FUTEX_WAIT_PRIVATE, 8, 0}) == -EAGAIN);
  CHECK(tried(guest, SYS_futex, {raw(word), FUTEX_WAIT_BITSET, 8, 0, 0, 1}) == -EAGAIN);
  // Who is refused for another reason, or waits for a time, finds out alone.
  CHECK_FALSE(tried(guest, SYS_futex, {raw(word), FUTEX_WAIT_BITSET, 8, 0, 0, 0}));
  CHECK_FALSE(tried(guest, SYS_futex, {raw(word) + 1, FUTEX_WAIT, 8, 0}));
  CHECK_FALSE(tried(guest, SYS_futex, {raw(guest.unmapped()), FUTEX_WAIT, 8, 0}));
  CHECK_FALSE(tried(guest, SYS_futex, {raw(word), FUTEX_WAIT, 8, raw(guest.make<timespec>())}));
  CHECK_FALSE(tried(guest, SYS_futex, {raw(word), FUTEX_LOCK_PI, 0, 0}));
}

}  // namespace
}  // namespace kontain::test

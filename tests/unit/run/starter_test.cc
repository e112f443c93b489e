#include "km/run/starter.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace kontain::run {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    REQUIRE(write(writer.get(), "ab", 2) == 2);
  }
  bool is_read() const {
    pollfd entry = {writer.get(), 0, 0};
    return poll(&entry, 1, 0) == 0;
  }
  UniqueFd reader, writer;
};

TEST_CASE("the starter's pipe loses one byte, and its reader when the program waits for others") {
  Pipe pipe;
  const int number = pipe.reader.get();
  tell_begun(number);
  char rest[2];
  CHECK(read(number, rest, sizeof rest) == 1);
  CHECK(rest[0] == 'b');

  fd::MonitorFds fds;
  auto adopted = fds.adopt(std::move(pipe.reader));
  REQUIRE(adopted);
  Starter starter(fds);
  starter.note_call(SYS_pause, {});
  const int own = adopted->get();
  starter.attach(std::move(*adopted));
  starter.note_call(SYS_rt_sigaction, {});
  starter.note_call(SYS_wait4, sys::RawArgs{0, 0, WNOHANG});
  CHECK(pipe.is_read());
  CHECK_FALSE(starter.renumber(own + 1, own + 2));
  starter.note_call(SYS_pause, {});
  CHECK_FALSE(pipe.is_read());
  CHECK(fcntl(own, F_GETFD) == -1);
  CHECK_FALSE(starter.renumber(own, own + 1));
}

TEST_CASE("what waits for others") {
  const UniqueFd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const Pipe pipe;
  const auto fd = [](const UniqueFd& owner) { return sys::RawArgs{static_cast<uint64_t>(owner.get())}; };
  CHECK_FALSE(Starter::waits_for_others(SYS_read, fd(file)));
  CHECK(Starter::waits_for_others(SYS_read, fd(pipe.reader)));
  CHECK_FALSE(Starter::waits_for_others(SYS_readv, sys::RawArgs{~uint64_t{0}}));
  CHECK_FALSE(Starter::waits_for_others(SYS_poll, {}));
  CHECK(Starter::waits_for_others(SYS_poll, sys::RawArgs{0, 0, ~uint64_t{0}}));
  CHECK_FALSE(Starter::waits_for_others(SYS_epoll_wait, {}));
  CHECK(Starter::waits_for_others(SYS_epoll_wait, sys::RawArgs{3, 0, 1, 1000}));
  CHECK(Starter::waits_for_others(SYS_wait4, {}));
  CHECK(Starter::waits_for_others(SYS_waitid, {}));
  CHECK_FALSE(Starter::waits_for_others(SYS_write, fd(pipe.writer)));
  CHECK(Starter::waits_for_others(SYS_futex, sys::RawArgs{0, FUTEX_WAIT_PRIVATE}));
  CHECK_FALSE(Starter::waits_for_others(SYS_futex, sys::RawArgs{0, FUTEX_WAKE_PRIVATE}));
  CHECK_FALSE(Starter::waits_for_others(~uint32_t{0}, {}));
}

}  // namespace
}  // namespace kontain::run

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "km/sys/proc_files.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

bool is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

// The end of a child that runs `body`: true when it returned true. For what would change this process.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("a new descriptor never stays on a number of the monitor") {
  Guest guest;
  const task::ProcRoot& root = sys::proc_root(guest.task());
  const auto is_kept = [&](int number) {
    return number == guest.monitor_fd() || number == root.fd || number == root.smaps_fd;
  };
  const int start = guest.monitor_fd();
  const int end = guest.process().fds().first_free_at_or_after(start);
  std::vector<UniqueFd> fillers;
  while (fillers.empty() || fillers.back().get() < start - 1) fillers.emplace_back(open("/dev/null", O_RDONLY));
  const auto check = [&](int64_t made, bool is_cloexec) {
    CHECK(made >= end);
    CHECK(fcntl(static_cast<int>(made), F_GETFD) == (is_cloexec ? FD_CLOEXEC : 0));
    close(static_cast<int>(made));
    for (int number = start; number < end; ++number) CHECK(is_open(number) == is_kept(number));
  };
  check(guest.call("open", guest.text("/dev/null"), O_RDONLY, 0), false);
  check(guest.call("open", guest.text("/dev/null"), O_RDONLY | O_CLOEXEC, 0), true);
  check(guest.call("dup", 0), false);
  check(guest.call("fcntl", 0, F_DUPFD, 0), false);
  check(guest.call("fcntl", 0, F_DUPFD_CLOEXEC, end - 1), true);
  check(guest.call("socket", 1, 1, 0), false);
  check(guest.call("eventfd2", 0, O_CLOEXEC), true);
  check(guest.call("epoll_create1", O_CLOEXEC), true);
  check(guest.call("timerfd_create", 1, 0), false);
  check(guest.call("memfd_create", guest.text("x"), 0), false);
  check(guest.call("inotify_init1", 0), false);
  auto* ends = guest.make<std::array<int, 2>>();
  REQUIRE(guest.call("pipe2", ends, O_CLOEXEC) == 0);
  for (const int made : *ends) check(made, true);
}

TEST_CASE("the payload's descriptor limit ends what is handed out") {
  CHECK(in_child([] {
    Guest guest;
    const int own = guest.monitor_fd();
    auto* limit = guest.make<rlimit>({static_cast<rlim_t>(own) + 4, 5000});
    if (guest.call("setrlimit", RLIMIT_NOFILE, limit) != 0) return false;
    int64_t last = 0;
    for (int64_t made = 0; made >= 0; made = guest.call("dup", 0)) last = made;
    // The three numbers behind the monitor's only used one were unused, and nothing else was left.
    if (last != own + 3 || guest.call("dup", 0) != -EMFILE) return false;
    if (guest.process().fds().is_monitor_fd(static_cast<int>(last))) return false;
    auto adopted = guest.process().fds().adopt(UniqueFd(open("/dev/null", O_RDONLY)));
    if (adopted) return false;  // open failed: there is no room without a DescriptorRoom
    const fd::DescriptorRoom room(guest.process().fds());
    auto more = guest.process().fds().adopt(UniqueFd(open("/dev/null", O_RDONLY)));
    const bool is_full = guest.call("dup", 0) == -EMFILE;
    // UBSan makes a pipe to look at an object before its virtual destructor is called.
    for (const int64_t number : {last, last - 1}) guest.call("close", number);
    return more && is_full;
  }));
}

TEST_CASE("dup2 and dup3 get the monitor's unused numbers and leave the used ones") {
  CHECK(in_child([] {
    Guest guest;
    fd::MonitorFds& fds = guest.process().fds();
    auto* limit = guest.make<rlimit>({5000, 5000});
    if (guest.call("setrlimit", RLIMIT_NOFILE, limit) != 0) return false;
    const int unused = guest.monitor_fd() + 5;
    if (!fds.is_monitor_fd(unused) || guest.call("dup2", 99, unused) != -EBADF) return false;
    if (guest.call("dup2", 0, unused) != unused || fds.is_monitor_fd(unused)) return false;
    if (guest.call("dup3", 0, unused + 1, O_CLOEXEC) != unused + 1) return false;
    if (guest.call("close", unused) != 0 || guest.call("fcntl", unused, F_GETFD) != -EBADF) return false;
    if (guest.call("dup3", 0, guest.monitor_fd(), 1) != -EINVAL) return false;
    return guest.call("dup2", 0, guest.monitor_fd()) == -EBADF && fds.is_monitor_fd(guest.monitor_fd());
  }));
}

TEST_CASE("dup2 beyond the payload's limit never reaches the monitor's numbers") {
  CHECK(in_child([] {
    Guest guest;
    auto* limit = guest.make<rlimit>({256, 5000});
    if (guest.call("setrlimit", RLIMIT_NOFILE, limit) != 0) return false;
    const int unused = guest.monitor_fd() + 5;
    return guest.call("dup2", 0, unused) == -EBADF && guest.process().fds().is_monitor_fd(unused);
  }));
}

TEST_CASE("a range that is closed leaves the monitor's numbers open") {
  Guest guest;
  CHECK(in_child([&] {
    const int below = fcntl(0, F_DUPFD, 200);
    const int above = fcntl(0, F_DUPFD, guest.process().fds().first_free_at_or_after(guest.monitor_fd()));
    if (guest.call("close_range", 150, ~0u, 0) != 0) return false;
    return !is_open(below) && !is_open(above) && is_open(guest.monitor_fd());
  }));
  CHECK(in_child([&] {
    const int below = fcntl(0, F_DUPFD, 200);
    if (guest.call("close_range", 200, 3000, CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE) != 0) return false;
    return fcntl(below, F_GETFD) == FD_CLOEXEC;
  }));
  CHECK(in_child([&] {
    const int below = fcntl(0, F_DUPFD, 200);
    const int beyond = fcntl(0, F_DUPFD, 202);
    return guest.call("close_range", below, below + 1, 0) == 0 && !is_open(below) && is_open(beyond);
  }));
  const auto monitor = static_cast<unsigned>(guest.monitor_fd());
  CHECK(guest.call("close_range", monitor, monitor, 0) == 0);
  CHECK(is_open(guest.monitor_fd()));
  CHECK(guest.call("close_range", 5, 4, 0) == -EINVAL);
  CHECK(guest.call("close_range", 4, 5, 1u << 7) == -EINVAL);
}

TEST_CASE("fcntl knows its commands and no others") {
  Guest guest;
  const ScratchDirectory directory;
  const int64_t fd = guest.call("open", guest.text(directory / "file"), O_RDWR | O_CREAT, 0600);
  CHECK(guest.call("fcntl", fd, F_SETFD, FD_CLOEXEC) == 0);
  CHECK(guest.call("fcntl", fd, F_GETFD, 0) == FD_CLOEXEC);
  CHECK((guest.call("fcntl", fd, F_GETFL, 0) & O_ACCMODE) == O_RDWR);
  auto* lock = guest.make<struct flock>({F_WRLCK, SEEK_SET, 0, 4, 0});
  CHECK(guest.call("fcntl", fd, F_SETLK, lock) == 0);
  CHECK(guest.call("fcntl", fd, F_GETLK, lock) == 0);
  CHECK(lock->l_type == F_UNLCK);
  CHECK(guest.call("fcntl", fd, 10 /* F_SETSIG */, SIGSEGV) == -EINVAL);
  CHECK(guest.call("fcntl", fd, 10, SIGUSR1) == 0);
  CHECK(guest.call("fcntl", fd, 10, 0) == 0);
  CHECK(guest.call("fcntl", fd, F_NOTIFY, DN_CREATE) == -ENOTDIR);
  CHECK(guest.call("fcntl", fd, 1029 /* F_CANCELLK */, 0) == -EINVAL);
  CHECK(guest.call("fcntl", fd, 0x7fff, 0) == -EINVAL);
  CHECK(guest.call("fcntl", 199, 0x7fff, 0) == -EBADF);
  close(static_cast<int>(fd));
}

TEST_CASE("ioctl requests are known by number and by kind of object") {
  Guest guest;
  const int64_t terminal = guest.call("open", guest.text("/dev/ptmx"), O_RDWR | O_NOCTTY, 0);
  REQUIRE(terminal >= 0);
  auto* size = guest.make<std::array<uint16_t, 4>>({24, 80, 0, 0});
  CHECK(guest.call("ioctl", terminal, 0x5414 /* TIOCSWINSZ */, size) == 0);
  *size = {};
  CHECK(guest.call("ioctl", terminal, 0x5413 /* TIOCGWINSZ */, size) == 0);
  CHECK((*size)[1] == 80);
  auto* canary = static_cast<unsigned char*>(guest.allocate(64));
  std::fill(canary, canary + 64, 0xaa);
  CHECK(guest.call("ioctl", terminal, 0x5401 /* TCGETS */, canary) == 0);
  CHECK(canary[35] != 0xaa);
  CHECK(canary[36] == 0xaa);
  CHECK(guest.call("ioctl", terminal, 0x5412 /* TIOCSTI */, guest.text("x")) == -ENOTTY);
  CHECK(guest.call("ioctl", terminal, 0x5423 /* TIOCSETD */, guest.make<int>()) == -ENOTTY);
  CHECK(guest.call("ioctl", terminal, 0xae01 /* KVM_CREATE_VM */, 0) == -ENOTTY);
  auto* unlock = guest.make<int>(0);
  CHECK(guest.call("ioctl", terminal, 0x40045431 /* TIOCSPTLCK */, unlock) == 0);
  const int64_t peer = guest.call("ioctl", terminal, 0x5441 /* TIOCGPTPEER */, O_RDWR | O_NOCTTY);
  CHECK(peer >= 0);
  close(static_cast<int>(peer));
  close(static_cast<int>(terminal));

  int* ends = guest.make<int>();
  REQUIRE(guest.call("pipe", ends) == 0);
  CHECK(guest.call("write", ends[1], guest.text("abc"), 3) == 3);
  auto* waiting = guest.make<int>();
  CHECK(guest.call("ioctl", ends[0], 0x541b /* FIONREAD */, waiting) == 0);
  CHECK(*waiting == 3);
  CHECK(guest.call("ioctl", ends[0], 0x5413 /* TIOCGWINSZ */, size) == -ENOTTY);
  CHECK(guest.call("ioctl", ends[0], 0x5451 /* FIOCLEX */, 0) == 0);
  CHECK(fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
  close(ends[0]);
  close(ends[1]);
  CHECK(guest.call("ioctl", ends[0], 0x541b, waiting) == -EBADF);

  const ScratchDirectory directory;
  const int64_t file = guest.call("open", guest.text(directory / "file"), O_RDWR | O_CREAT, 0600);
  CHECK(guest.call("ioctl", file, 0x40049409 /* FICLONE */, guest.monitor_fd()) == -EBADF);
  auto* range = guest.make<std::array<uint64_t, 4>>({static_cast<uint64_t>(guest.monitor_fd()), 0, 0, 0});
  CHECK(guest.call("ioctl", file, 0x4020940d /* FICLONERANGE */, range) == -EBADF);
  close(static_cast<int>(file));
}

TEST_CASE("the list of interfaces goes only to the payload's memory") {
  Guest guest;
  struct Conf {
    int length;
    int padding;
    void* buffer;
  };
  const int64_t socket = guest.call("socket", 2 /* AF_INET */, 2, 0);
  REQUIRE(socket >= 0);
  auto* conf = guest.make<Conf>({4096, 0, guest.allocate(4096)});
  CHECK(guest.call("ioctl", socket, 0x8912, conf) == 0);
  CHECK(conf->length % 40 == 0);
  void* const previous = conf->buffer;
  *conf = {4096, 0, monitor_address()};
  const int64_t result = guest.call("ioctl", socket, 0x8912, conf);
  // Without a single configured interface nothing would have been written.
  CHECK((result == -EFAULT || conf->length == 0));
  CHECK(*static_cast<char*>(monitor_address()) == 0);
  CHECK(previous != conf->buffer);
  close(static_cast<int>(socket));
}

}  // namespace
}  // namespace kontain::test

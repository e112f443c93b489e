#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "km/sys/timers.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

constexpr uint64_t bit(int signal) { return uint64_t{1} << (signal - 1); }

pid_t child_that_exits(int status) {
  const pid_t child = fork();
  if (child == 0) _exit(status);
  return child;
}

// Blocks signals of this thread for one test, as the payload's mask does.
class Blocked {
 public:
  explicit Blocked(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &old_);
  }
  ~Blocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }

 private:
  sigset_t old_;
};

TEST_CASE("wait4 reports a child once") {
  Guest guest;
  const pid_t child = child_that_exits(5);
  auto* status = guest.make<int>(-1);
  auto* usage = guest.make<rusage>();
  usage->ru_nvcsw = -1;
  CHECK(guest.call("wait4", child, status, 0, usage) == child);
  CHECK((WIFEXITED(*status) && WEXITSTATUS(*status) == 5));
  CHECK(usage->ru_nvcsw != -1);
  *status = -1;
  CHECK(guest.call("wait4", child, status, 0, usage) == -ECHILD);
  CHECK(*status == -1);
  CHECK(guest.call("wait4", child, status, 1 << 20, nullptr) == -EINVAL);
  const pid_t other = child_that_exits(0);
  CHECK(guest.call("wait4", other, monitor_address(), 0, nullptr) == -EFAULT);
  CHECK(waitpid(other, nullptr, 0) == -1);
}

TEST_CASE("waitid fills what the kernel fills") {
  Guest guest;
  const pid_t child = child_that_exits(6);
  auto* info = guest.make<std::array<int, 32>>();
  info->fill(-1);
  CHECK(guest.call("waitid", P_PID, child, info, WEXITED | WNOWAIT, nullptr) == 0);
  CHECK((*info)[0] == SIGCHLD);
  CHECK((*info)[2] == CLD_EXITED);
  CHECK((*info)[3] == -1);
  CHECK((*info)[4] == child);
  CHECK((*info)[6] == 6);
  CHECK((*info)[7] == -1);
  CHECK(guest.call("waitid", P_PID, child, nullptr, WEXITED, guest.make<rusage>()) == 0);
  info->fill(-1);
  CHECK(guest.call("waitid", P_PID, child, info, WEXITED, nullptr) == -ECHILD);
  CHECK((*info)[0] == 0);
  CHECK(guest.call("waitid", P_PIDFD, guest.monitor_fd(), info, WEXITED, nullptr) == -EBADF);
}

TEST_CASE("a child is watched and signalled through its descriptor") {
  Guest guest;
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const int64_t process = guest.call("pidfd_open", child, 0);
  REQUIRE(process >= 0);
  auto* info = guest.make<siginfo_t>();
  info->si_signo = SIGKILL;
  info->si_code = SI_USER;
  CHECK(guest.call("pidfd_send_signal", process, SIGKILL, info, 0) == -EPERM);
  CHECK(guest.call("pidfd_send_signal", process, SIGKILL, monitor_address(), 0) == -EFAULT);
  CHECK(guest.call("pidfd_send_signal", process, SIGKILL, nullptr, 0) == 0);
  CHECK(guest.call("waitid", P_PIDFD, process, info, WEXITED, nullptr) == 0);
  CHECK(info->si_status == SIGKILL);
  close(static_cast<int>(process));
}

TEST_CASE("a queued signal is taken with its data") {
  Guest guest;
  const Blocked blocked(SIGRTMIN);
  auto* info = guest.make<siginfo_t>();
  info->si_code = SI_QUEUE;
  info->si_value.sival_int = 42;
  CHECK(guest.call("rt_sigqueueinfo", getpid(), SIGRTMIN, info) == 0);
  auto* set = guest.make<uint64_t>(bit(SIGRTMIN) | bit(SIGKILL));
  auto* taken = guest.make<siginfo_t>();
  CHECK(guest.call("rt_sigtimedwait", set, taken, guest.make<timespec>(), 8) == SIGRTMIN);
  CHECK(taken->si_value.sival_int == 42);
  CHECK(guest.call("rt_sigtimedwait", set, taken, guest.make<timespec>(), 8) == -EAGAIN);
  CHECK(guest.call("rt_sigtimedwait", nullptr, taken, guest.make<timespec>(), 8) == -EFAULT);
  CHECK(guest.call("rt_sigtimedwait", set, taken, nullptr, 4) == -EINVAL);
  CHECK(guest.call("rt_tgsigqueueinfo", getpid(), gettid(), SIGRTMIN, info) == 0);
  CHECK(guest.call("rt_sigtimedwait", set, nullptr, guest.make<timespec>(), 8) == SIGRTMIN);
  info->si_code = SI_USER;
  CHECK(guest.call("rt_sigqueueinfo", getppid(), SIGCHLD, info) == -EPERM);
}

TEST_CASE("nobody can send what looks like a fault of the monitor") {
  Guest guest;
  const Blocked blocked(SIGSEGV);
  auto* info = guest.make<siginfo_t>();
  info->si_code = SEGV_MAPERR;
  CHECK(guest.call("rt_tgsigqueueinfo", getpid(), gettid(), SIGSEGV, info) == 0);
  auto* set = guest.make<uint64_t>(bit(SIGSEGV));
  auto* taken = guest.make<siginfo_t>();
  CHECK(guest.call("rt_sigtimedwait", set, taken, guest.make<timespec>(), 8) == SIGSEGV);
  CHECK(taken->si_code == SI_QUEUE);
}

TEST_CASE("signals are read from a descriptor") {
  Guest guest;
  const Blocked blocked(SIGUSR1);
  auto* set = guest.make<uint64_t>(bit(SIGUSR1));
  const int64_t fd = guest.call("signalfd4", -1, set, 8, SFD_NONBLOCK | SFD_CLOEXEC);
  REQUIRE(fd >= 0);
  kill(getpid(), SIGUSR1);
  auto* read = guest.make<signalfd_siginfo>();
  CHECK(guest.call("read", fd, read, sizeof *read) == sizeof *read);
  CHECK(read->ssi_signo == SIGUSR1);
  *set = bit(SIGUSR2);
  CHECK(guest.call("signalfd", fd, set, 8) == fd);
  CHECK(guest.call("signalfd4", -1, set, 4, 0) == -EINVAL);
  CHECK(guest.call("signalfd4", -1, monitor_address(), 8, 0) == -EFAULT);
  CHECK(guest.call("signalfd4", guest.monitor_fd(), set, 8, 0) == -EBADF);
  close(static_cast<int>(fd));
}

TEST_CASE("a timer's signal carries its value") {
  Guest guest;
  const Blocked blocked(SIGRTMIN);
  auto* event = guest.make<sys::SignalEvent>();
  event->value = 0x1234'5678'9abc;
  event->signal = SIGRTMIN;
  event->notify = SIGEV_THREAD_ID;
  event->thread = gettid();
  auto* id = guest.make<int>(-1);
  REQUIRE(guest.call("timer_create", CLOCK_MONOTONIC, event, id) == 0);
  auto* setting = guest.make<itimerspec>({{0, 0}, {0, 1000}});
  auto* old = guest.make<itimerspec>();
  CHECK(guest.call("timer_settime", *id, 0, setting, old) == 0);
  auto* set = guest.make<uint64_t>(bit(SIGRTMIN));
  auto* taken = guest.make<siginfo_t>();
  CHECK(guest.call("rt_sigtimedwait", set, taken, nullptr, 8) == SIGRTMIN);
  CHECK(taken->si_code == SI_TIMER);
  CHECK(reinterpret_cast<uint64_t>(taken->si_value.sival_ptr) == event->value);
  CHECK(guest.call("timer_gettime", *id, old) == 0);
  CHECK(old->it_value.tv_nsec == 0);
  CHECK(guest.call("timer_getoverrun", *id) == 0);
  CHECK(guest.call("timer_settime", *id, 0, nullptr, old) == -EINVAL);
  CHECK(guest.call("timer_delete", *id) == 0);
  CHECK(guest.call("timer_delete", *id) == -EINVAL);
  event->notify = SIGEV_THREAD;
  CHECK(guest.call("timer_create", CLOCK_MONOTONIC, event, id) == -EINVAL);
  event->notify = SIGEV_NONE;
  CHECK(guest.call("timer_create", CLOCK_MONOTONIC, event, monitor_address()) == -EFAULT);
  CHECK(guest.call("timer_delete", *id + 1) == -EINVAL);
}

TEST_CASE("interval timers are the process's") {
  Guest guest;
  auto* setting = guest.make<itimerval>({{0, 0}, {1000, 0}});
  auto* old = guest.make<itimerval>();
  CHECK(guest.call("setitimer", ITIMER_REAL, setting, nullptr) == 0);
  CHECK(guest.call("getitimer", ITIMER_REAL, old) == 0);
  CHECK(old->it_value.tv_sec >= 990);
  CHECK(guest.call("alarm", 0) >= 990);
  CHECK(guest.call("setitimer", ITIMER_REAL, nullptr, old) == 0);
  CHECK(old->it_value.tv_sec == 0);
  CHECK(guest.call("setitimer", 17, setting, old) == -EINVAL);
  CHECK(guest.call("getitimer", ITIMER_REAL, monitor_address()) == -EFAULT);
}

TEST_CASE("scheduling attributes have the size the caller says") {
  Guest guest;
  auto* attr = guest.make<std::array<uint32_t, 16>>();
  attr->fill(0xaaaaaaaa);
  CHECK(guest.call("sched_getattr", 0, attr, 48, 0) == 0);
  CHECK((*attr)[0] == 48);
  CHECK((*attr)[12] == 0xaaaaaaaa);
  CHECK(guest.call("sched_setattr", 0, attr, 0) == 0);
  (*attr)[0] = 8;
  CHECK(guest.call("sched_setattr", 0, attr, 0) == -E2BIG);
  CHECK((*attr)[0] >= 48);
  CHECK(guest.call("sched_setattr", 0, nullptr, 0) == -EINVAL);
  CHECK(guest.call("sched_setattr", 0, monitor_address(), 0) == -EFAULT);
  CHECK(guest.call("sched_getattr", 0, monitor_address(), 48, 0) == -EFAULT);
  const int64_t priority = guest.call("ioprio_get", 1, 0);
  CHECK(priority >= 0);
  CHECK(guest.call("ioprio_set", 1, 0, 5 << 13) == -EINVAL);
}

TEST_CASE("the personality is recorded and changes nothing on the host") {
  Guest guest;
  const int64_t before = guest.call("personality", 0xffffffffu);
  CHECK(guest.call("personality", 0x0040000 /* ADDR_NO_RANDOMIZE */) == before);
  CHECK(guest.call("personality", 0xffffffffu) == 0x0040000);
  CHECK(guest.call("personality", 8 /* PER_LINUX32 */) == -EINVAL);
  CHECK(guest.call("personality", 0x0400000 /* READ_IMPLIES_EXEC */) == -EINVAL);
  CHECK(guest.call("personality", 0xffffffffu) == 0x0040000);
}

TEST_CASE("a file's handle tells how long it is") {
  Guest guest;
  struct Handle {
    uint32_t size;
    int type;
    std::array<char, 132> bytes;
  };
  auto* handle = guest.make<Handle>();
  auto* mount = guest.make<int>(-1);
  const char* path = guest.text("/tmp");
  const int64_t result = guest.call("name_to_handle_at", AT_FDCWD, path, handle, mount, 0);
  if (result == -EOPNOTSUPP) return;
  CHECK(result == -EOVERFLOW);
  CHECK(handle->size > 0);
  CHECK(*mount != -1);
  const uint32_t needed = handle->size;
  handle->bytes.fill('x');
  CHECK(guest.call("name_to_handle_at", AT_FDCWD, path, handle, mount, 0) == 0);
  CHECK(handle->bytes[needed] == 'x');
  handle->size = 129;
  CHECK(guest.call("name_to_handle_at", AT_FDCWD, path, handle, mount, 0) == -EINVAL);
  CHECK(guest.call("name_to_handle_at", AT_FDCWD, path, monitor_address(), mount, 0) == -EFAULT);
  CHECK(guest.call("name_to_handle_at", guest.monitor_fd(), path, handle, mount, 0) == -EBADF);
}

}  // namespace
}  // namespace kontain::test

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <functional>
#include <string>

#include "km/signal/host_signals.h"
#include "km/sys/signals.h"
#include "km/task/interruptible_call.h"
#include "tests/unit/sys/guest.h"

namespace kontain::test {
namespace {

// How a child that runs `body` ended, as wait(2) tells it.
int status_of(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST_CASE("exit is recorded for the run loop") {
  Guest guest;
  guest.call("exit_group", 0x1ff);
  CHECK(guest.task().end == task::Task::End::Process);
  guest.call("exit", 3);
  CHECK(guest.task().end == task::Task::End::Thread);
  CHECK(guest.task().exit_status == 3);
  guest.call("exit_group", 0x1ff);
  CHECK(guest.task().exit_status == 0xff);
}

TEST_CASE("signal actions are recorded, and ignoring reaches the host") {
  Guest guest;
  auto* action = guest.make<task::SignalAction>({0x1000, 0x14000000, 0x2000, ~uint64_t{0}});
  auto* old = guest.make<task::SignalAction>();
  CHECK(guest.call("rt_sigaction", SIGUSR1, action, nullptr, 8) == 0);
  CHECK(guest.call("rt_sigaction", SIGUSR1, nullptr, old, 8) == 0);
  CHECK(old->handler == 0x1000);
  CHECK(old->restorer == 0x2000);
  CHECK((old->mask & (uint64_t{1} << (SIGKILL - 1))) == 0);
  CHECK((old->mask & (uint64_t{1} << (SIGSTOP - 1))) == 0);
  CHECK(guest.call("rt_sigaction", SIGKILL, action, nullptr, 8) == -EINVAL);
  CHECK(guest.call("rt_sigaction", SIGKILL, nullptr, old, 8) == 0);
  CHECK(guest.call("rt_sigaction", 65, nullptr, old, 8) == -EINVAL);
  CHECK(guest.call("rt_sigaction", 0, nullptr, old, 8) == -EINVAL);
  CHECK(guest.call("rt_sigaction", SIGUSR1, nullptr, old, 4) == -EINVAL);
  // The host's handler takes the signal in hand; the run loop would deliver it.
  CHECK(guest.call("kill", getpid(), SIGUSR1) == 0);
  CHECK(task::signal_in_hand().present == SIGUSR1);
  CHECK(task::signal_in_hand().info.si_pid == getpid());
  // Until it is delivered, calls that change what signals do have to wait.
  CHECK(guest.call("rt_sigaction", SIGUSR2, action, nullptr, 8) == -task::kRestart);
  CHECK(guest.call("pause") == -task::kRestart);
  task::signal_in_hand() = {};
  signal::set_host_mask(0);

  int* ends = guest.make<int>();
  REQUIRE(guest.call("pipe", ends) == 0);
  close(ends[0]);
  action->handler = 1;
  CHECK(guest.call("rt_sigaction", SIGPIPE, action, old, 8) == 0);
  CHECK(guest.call("write", ends[1], guest.text("x"), 1) == -EPIPE);
  action->handler = 0;
  CHECK(guest.call("rt_sigaction", SIGPIPE, action, old, 8) == 0);
  CHECK(old->handler == 1);
  const int status = status_of([&] { guest.call("write", ends[1], guest.text("x"), 1); });
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE));
  close(ends[1]);
}

TEST_CASE("inherited ignored signals are the payload's too") {
  const int status = status_of([] {
    std::signal(SIGHUP, SIG_IGN);
    std::signal(SIGTERM, SIG_DFL);
    fd::MonitorFds fds;
    alignas(64) static std::array<std::byte, sizeof(mem::AddressSpace)> memory;
    task::Process process(*reinterpret_cast<mem::AddressSpace*>(memory.data()), fds);
    signal::adopt_inherited_signals(process);
    _exit(process.signals().get(SIGHUP).handler == 1 && process.signals().get(SIGTERM).handler == 0 ? 7 : 8);
  });
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 7));
}

TEST_CASE("a payload ends itself with a signal as it would natively") {
  Guest guest;
  for (const int signal : {SIGTERM, SIGABRT, SIGFPE}) {
    INFO(signal);
    const int status = status_of([&] {
      const rlimit no_core = {0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      // The test runner's and the sanitizers'; a monitor has none for these.
      std::signal(signal, SIG_DFL);
      const auto tid = gettid();
      task::Task task(guest.process(), guest.task().cpu(), tid);
      sys::sys_tgkill(task, getpid(), tid, signal);
    });
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == signal));
  }
  CHECK(guest.call("kill", getpid(), 0) == 0);
  CHECK(guest.call("tgkill", getpid(), gettid(), 0) == 0);
  CHECK(guest.call("kill", getpid(), 65) == -EINVAL);
}

TEST_CASE("the signal mask follows its three operations") {
  Guest guest;
  auto* set = guest.make<uint64_t>(0b1110);
  auto* old = guest.make<uint64_t>();
  CHECK(guest.call("rt_sigprocmask", SIG_SETMASK, set, old, 8) == 0);
  *set = 0b0100;
  CHECK(guest.call("rt_sigprocmask", SIG_UNBLOCK, set, old, 8) == 0);
  CHECK(*old == 0b1110);
  *set = ~uint64_t{0};
  CHECK(guest.call("rt_sigprocmask", SIG_BLOCK, set, old, 8) == 0);
  CHECK(*old == 0b1010);
  CHECK(guest.task().signal_mask == ~((uint64_t{1} << (SIGKILL - 1)) | (uint64_t{1} << (SIGSTOP - 1))));
  CHECK(guest.call("rt_sigprocmask", 3, set, old, 8) == -EINVAL);
  CHECK(guest.call("rt_sigprocmask", 3, nullptr, old, 8) == 0);
  CHECK(guest.call("rt_sigprocmask", SIG_BLOCK, set, old, 16) == -EINVAL);
  CHECK(guest.call("rt_sigpending", old, 8) == 0);
  CHECK(*old == 0);
  CHECK(guest.call("rt_sigpending", old, 9) == -EINVAL);
  signal::set_host_mask(0);
}

TEST_CASE("prctl knows its operations and no others") {
  Guest guest;
  std::array<char, 16> before{};
  prctl(PR_GET_NAME, before.data());
  CHECK(guest.call("prctl", PR_SET_NAME, guest.text("a name that is too long"), 0, 0, 0) == 0);
  auto* name = static_cast<char*>(guest.allocate(16));
  CHECK(guest.call("prctl", PR_GET_NAME, name, 0, 0, 0) == 0);
  CHECK(std::string(name) == "a name that is ");
  prctl(PR_SET_NAME, before.data());
  CHECK(guest.call("prctl", PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
  CHECK(guest.call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
  CHECK(guest.call("prctl", PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
  CHECK(guest.call("prctl", PR_SET_DUMPABLE, 2, 0, 0, 0) == -EINVAL);
  CHECK(prctl(PR_GET_DUMPABLE) == 1);
  CHECK(guest.call("prctl", PR_GET_SECCOMP, 0, 0, 0, 0) == 0);
  CHECK(guest.call("prctl", PR_SET_SECCOMP, 3, 0, 0, 0) == -EINVAL);
  CHECK(guest.call("prctl", PR_SET_SECCOMP, 2, 0, 0, 0) == -EFAULT);
  for (const int operation : {PR_SET_TSC, 65 /* PR_SET_MDWE */, PR_SET_PTRACER, PR_SET_MM,
                              59 /* PR_SET_SYSCALL_USER_DISPATCH */, PR_SET_UNALIGN, 0x53564d41 /* PR_SET_VMA */}) {
    INFO(operation);
    CHECK(guest.call("prctl", operation, 1, 0, 0, 0) == -EINVAL);
  }
  CHECK(guest.call("arch_prctl", 0x1002, uint64_t{0x7fff'ffff'f000}) == -EPERM);
  CHECK(guest.call("arch_prctl", 0x1001, ~uint64_t{0}) == -EPERM);
  CHECK(guest.call("arch_prctl", 0x1012 /* ARCH_SET_CPUID */, 0) == -EINVAL);
  CHECK(guest.call("arch_prctl", 0x5001 /* ARCH_SHSTK_ENABLE */, 1) == -EINVAL);
}

TEST_CASE("limits on memory are the payload's alone") {
  Guest guest;
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  auto* limit = guest.make<rlimit>({1 << 20, before.rlim_max});
  auto* old = guest.make<rlimit>();
  CHECK(guest.call("setrlimit", RLIMIT_AS, limit) == 0);
  CHECK(guest.call("getrlimit", RLIMIT_AS, old) == 0);
  CHECK(old->rlim_cur == 1 << 20);
  rlimit after{};
  getrlimit(RLIMIT_AS, &after);
  CHECK(after.rlim_cur == before.rlim_cur);
  *limit = {2, 1};
  CHECK(guest.call("prlimit64", 0, RLIMIT_DATA, limit, old) == -EINVAL);
  CHECK(guest.call("prlimit64", 0, 16, nullptr, old) == -EINVAL);
  CHECK(guest.call("prlimit64", getpid(), RLIMIT_CPU, nullptr, old) == 0);
  CHECK(guest.call("prlimit64", -1, RLIMIT_CPU, nullptr, old) == -ESRCH);
  CHECK(guest.call("prlimit64", getppid(), RLIMIT_AS, limit, nullptr) == -EPERM);
  CHECK(guest.call("prlimit64", getppid(), RLIMIT_NOFILE, limit, nullptr) == -EPERM);
}

TEST_CASE("the limit on cores is the payload's alone, and can be handed on") {
  Guest guest;
  rlimit before{};
  getrlimit(RLIMIT_CORE, &before);
  auto* limit = guest.make<rlimit>({before.rlim_max == 0 ? 0 : before.rlim_max - 1, before.rlim_max});
  auto* seen = guest.make<rlimit>();
  CHECK(guest.call("setrlimit", RLIMIT_CORE, limit) == 0);
  rlimit after{};
  getrlimit(RLIMIT_CORE, &after);
  CHECK(after.rlim_cur == before.rlim_cur);
  const task::Limits copy = guest.process().limits;
  CHECK(copy.get(RLIMIT_CORE)->rlim_cur == limit->rlim_cur);
  CHECK_FALSE(copy.get(RLIMIT_STACK));
  CHECK(guest.call("getrlimit", RLIMIT_CORE, seen) == 0);
  CHECK(seen->rlim_cur == limit->rlim_cur);
}

TEST_CASE("a small descriptor limit leaves the monitor its numbers") {
  Guest guest;
  CHECK(status_of([&] {
          rlimit current{};
          getrlimit(RLIMIT_NOFILE, &current);
          auto* limit = guest.make<rlimit>({10, current.rlim_max});
          auto* seen = guest.make<rlimit>();
          bool is_good = guest.call("setrlimit", RLIMIT_NOFILE, limit) == 0;
          is_good = is_good && guest.call("getrlimit", RLIMIT_NOFILE, seen) == 0 && seen->rlim_cur == 10;
          auto adopted = guest.process().fds().adopt(UniqueFd(dup(0)));
          _exit(is_good && adopted ? 0 : 1);
        }) == 0);
}

TEST_CASE("identity and the machine are the host's") {
  Guest guest;
  CHECK(guest.call("getpid") == getpid());
  CHECK(guest.call("gettid") == gettid());
  CHECK(guest.call("getuid") == getuid());
  CHECK(guest.call("getppid") == getppid());
  CHECK(guest.call("set_tid_address", 0x1234) == gettid());
  CHECK(guest.task().clear_child_tid == 0x1234);
  utsname host{};
  uname(&host);
  auto* names = guest.make<utsname>();
  CHECK(guest.call("uname", names) == 0);
  CHECK(std::string(names->release) == std::string(host.release) + ".kontain");
  CHECK(std::string(names->sysname) == "Linux");
  auto* header = guest.make<std::array<uint32_t, 2>>({0, 0});
  CHECK(guest.call("capget", header, nullptr) == 0);
  CHECK((*header)[0] == 0x20080522);
  auto* mask = guest.make<std::array<uint64_t, 16>>();
  CHECK(guest.call("sched_getaffinity", 0, 128, mask) > 0);
  CHECK((*mask)[0] != 0);
  auto* random = guest.make<std::array<uint64_t, 4>>();
  CHECK(guest.call("getrandom", random, 32, 0) == 32);
  CHECK((*random)[0] != (*random)[1]);
}

TEST_CASE("clocks, sleeps and timers") {
  Guest guest;
  auto* now = guest.make<timespec>();
  CHECK(guest.call("clock_gettime", CLOCK_MONOTONIC, now) == 0);
  CHECK(now->tv_sec > 0);
  CHECK(guest.call("clock_gettime", 999, now) == -EINVAL);
  CHECK(guest.call("clock_getres", CLOCK_MONOTONIC, nullptr) == 0);
  CHECK(guest.call("nanosleep", guest.make<timespec>({0, 1000}), nullptr) == 0);
  CHECK(guest.call("nanosleep", guest.make<timespec>({0, -1}), nullptr) == -EINVAL);
  CHECK(guest.call("time", nullptr) > 0);
  const int64_t timer = guest.call("timerfd_create", CLOCK_MONOTONIC, 0);
  auto* setting = guest.make<itimerspec>({{0, 0}, {100, 0}});
  auto* left = guest.make<itimerspec>();
  CHECK(guest.call("timerfd_settime", timer, 0, setting, nullptr) == 0);
  CHECK(guest.call("timerfd_gettime", timer, left) == 0);
  CHECK(left->it_value.tv_sec >= 99);
  close(static_cast<int>(timer));
}

TEST_CASE("futexes work on the payload's memory") {
  Guest guest;
  auto* word = guest.make<uint32_t>(7);
  auto* timeout = guest.make<timespec>({0, 1000});
  CHECK(guest.call("futex", word, 0 | 128, 7, timeout, nullptr, 0) == -ETIMEDOUT);
  CHECK(guest.call("futex", word, 0 | 128, 8, nullptr, nullptr, 0) == -EAGAIN);
  CHECK(guest.call("futex", word, 1 | 128, 1, nullptr, nullptr, 0) == 0);
  CHECK(guest.call("futex", monitor_address(), 0, 0, timeout, nullptr, 0) == -EFAULT);
  CHECK(guest.call("futex", reinterpret_cast<uint64_t>(word) + 1, 0, 7, timeout, nullptr, 0) == -EINVAL);
  // Priority inheritance: the words hold host thread ids, which are the payload's.
  *word = 0x3fff'fff0;  // nobody
  CHECK(guest.call("futex", word, 6 /* FUTEX_LOCK_PI */, 0, nullptr, nullptr, 0) == -ESRCH);
  *word = 0;
  CHECK(guest.call("futex", word, 6, 0, nullptr, nullptr, 0) == 0);
  CHECK(*word == static_cast<uint32_t>(gettid()));
  CHECK(guest.call("futex", word, 7 /* FUTEX_UNLOCK_PI */, 0, nullptr, nullptr, 0) == 0);
  CHECK(*word == 0);
  CHECK(guest.call("futex", word, 99, 0, nullptr, nullptr, 0) == -ENOSYS);
}

}  // namespace
}  // namespace kontain::test

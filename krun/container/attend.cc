#include "krun/container/attend.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "krun/console/console.h"

namespace kontain::krun::container {
namespace {

sigset_t all_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int fatal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&set, fatal);
  return set;
}

std::optional<int> reap(pid_t pid) {
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended <= 0) return std::nullopt;
    if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

// What is still in the terminal when the process has ended.
void drain(console::Relay& relay) {
  pollfd entry = {relay.fd(), POLLIN, 0};
  while (poll(&entry, 1, 0) > 0 && (entry.revents & POLLIN) && relay.from_master()) {
  }
}

struct Attended {
  pid_t pid = 0;
  std::optional<pid_t> followed;
  std::optional<console::Relay> relay;
};

std::optional<int> take_signal(int fd, Attended& attended) {
  signalfd_siginfo info;
  if (read(fd, &info, sizeof info) != sizeof info) return std::nullopt;
  const int number = static_cast<int>(info.ssi_signo);
  if (number == SIGCHLD) return reap(attended.pid);
  if (number == SIGWINCH && attended.relay) {
    attended.relay->resize();
  } else if (number == SIGTERM && attended.followed && getppid() != *attended.followed) {
    // SIGTERM itself the first process of a pid namespace can leave unheard.
    kill(attended.pid, SIGKILL);
  } else if (number != SIGURG) {
    kill(attended.pid, number);
  }
  return std::nullopt;
}

}  // namespace

HeldSignals::HeldSignals() {
  const sigset_t set = all_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  fd_.reset(signalfd(-1, &set, SFD_CLOEXEC));
}

HeldSignals::~HeldSignals() {
  const sigset_t set = all_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

pid_t follow_parent() {
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  return parent;
}

Result<int> attend(pid_t pid, const HeldSignals& signals, UniqueFd terminal, std::optional<pid_t> followed) {
  Attended attended{pid, followed, std::nullopt};
  std::optional<console::Relay>& relay = attended.relay;
  if (terminal) relay.emplace(std::move(terminal));
  if (const auto status = reap(pid)) return *status;
  pollfd entries[3] = {
      {signals.fd(), POLLIN, 0}, {relay ? relay->fd() : -1, POLLIN, 0}, {relay ? STDIN_FILENO : -1, POLLIN, 0}};
  for (;;) {
    if (poll(entries, 3, -1) < 0 && errno != EINTR) return fail_errno("poll", "", errno);
    if (entries[1].revents && !relay->from_master()) entries[1].fd = -1;
    if (entries[2].revents && !relay->from_stdin()) entries[2].fd = -1;
    if (!entries[0].revents) continue;
    if (const auto status = take_signal(signals.fd(), attended)) {
      if (relay) drain(*relay);
      return *status;
    }
  }
}

}  // namespace kontain::krun::container

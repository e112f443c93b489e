#include "cli/fleet/signals.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <thread>

#include "base/subprocess.h"
#include "base/unique_fd.h"
#include "cli/support/files.h"

namespace kontain::cli {
namespace {

// Milliseconds until SIGKILL must have ended a process.
constexpr int kKillPatience = 10'000;
constexpr int kKillRounds = 100;
// Until a process that was told to stop has stopped, all its threads too.
constexpr std::chrono::milliseconds kSettling(5);

tl::unexpected<Error> has_ended(const Kontainer& kontainer) {
  return fail(kontainer.id.empty() ? std::to_string(kontainer.pid) : kontainer.id, "", "has ended");
}

// The process itself, so that a number that is another process's by now is never hit.
Result<UniqueFd> open_process(pid_t pid, uint64_t start_ticks, const Kontainer& kontainer) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const auto now = parse_stat(read_text("/proc/" + std::to_string(pid) + "/stat").value_or(""));
  if (!fd || !now || now->state == 'Z' || now->start_ticks != start_ticks) return has_ended(kontainer);
  return fd;
}

Result<void> send_to(const UniqueFd& process, int signal, const Kontainer& kontainer) {
  if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return has_ended(kontainer);
  return fail_errno("kill", std::to_string(kontainer.pid), errno);
}

// False when it is still there after `milliseconds`.
bool wait_for_end(const UniqueFd& process, int milliseconds) {
  pollfd entry = {process.get(), POLLIN, 0};
  return poll(&entry, 1, milliseconds) == 1;
}

Result<void> krun_kill(const Kontainer& kontainer, int signal, bool all) {
  std::vector<std::string> command = {own_folder() + "/krun", "--root", kontainer.krun_root, "kill"};
  if (all) command.emplace_back("--all");
  command.insert(command.end(), {kontainer.id, std::to_string(signal)});
  TRY_ASSIGN(const SubprocessResult run, run_subprocess(command));
  if (run.exit_code == 0 && run.signal == 0) return {};
  return fail("krun kill", kontainer.id, trimmed(run.err));
}

Result<void> signal_process(const Process& process, int signal, const Kontainer& kontainer) {
  const auto fd = open_process(process.pid, process.start_ticks, kontainer);
  if (!fd) return {};  // it has ended in between
  const auto sent = send_to(*fd, signal, kontainer);
  return sent || open_process(process.pid, process.start_ticks, kontainer) ? sent : Result<void>();
}

// Stopped, ended, or asleep in the kernel (as the parent of a vfork whose child is stopped): it makes no children.
bool is_still(const Process& process) { return process.state == 'T' || process.state == 'D' || process.state == 'Z'; }

// Stops the tree, so that none of it makes a child that is not seen, and that nobody could find once its parent is
// gone; then kills what is there.
Result<void> kill_tree(const Kontainer& kontainer) {
  if (!kontainer.krun_root.empty()) return krun_kill(kontainer, SIGKILL, true);
  size_t still_before = 0;
  for (int round = 0;; ++round) {
    const std::vector<Process> tree = tree_of(kontainer.pid, read_processes());
    if (tree.empty() || tree[0].start_ticks != kontainer.start_ticks) return {};
    const bool still = std::ranges::all_of(tree, is_still);
    const bool seen_twice = still && still_before == tree.size();
    const int signal = seen_twice || round == kKillRounds ? SIGKILL : SIGSTOP;
    for (const Process& process : tree) TRY(signal_process(process, signal, kontainer));
    if (signal == SIGKILL) return {};
    still_before = still ? tree.size() : 0;
    std::this_thread::sleep_for(kSettling);
  }
}

// The first process has ended by itself: so do those that it had, which nobody attends to any more.
void kill_rest(const Kontainer& kontainer, const std::vector<Process>& before) {
  const std::vector<Process> now = read_processes();
  for (const Process& old : before) {
    const std::vector<Process> tree = tree_of(old.pid, now);
    if (tree.empty() || tree[0].start_ticks != old.start_ticks) continue;
    for (const Process& process : tree) static_cast<void>(signal_process(process, SIGKILL, kontainer));
  }
}

}  // namespace

Result<int> parse_signal(const std::string& text) {
  int number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec == std::errc() && result.ptr == text.data() + text.size() && number > 0 && number < NSIG) return number;
  const std::string name = text.starts_with("SIG") ? text.substr(3) : text;
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* known = sigabbrev_np(signal);
    if (known && name == known) return signal;
  }
  return fail("signal", text, "there is no such signal");
}

Result<void> send_signal(const Kontainer& kontainer, int signal) {
  if (!kontainer.krun_root.empty()) return krun_kill(kontainer, signal, false);
  if (kontainer.processes == 0) return has_ended(kontainer);
  TRY_ASSIGN(const UniqueFd process, open_process(kontainer.pid, kontainer.start_ticks, kontainer));
  return send_to(process, signal, kontainer);
}

Result<void> stop(const Kontainer& kontainer, std::chrono::seconds patience) {
  if (kontainer.processes == 0) return has_ended(kontainer);
  TRY_ASSIGN(const UniqueFd process, open_process(kontainer.pid, kontainer.start_ticks, kontainer));
  const std::vector<Process> before = tree_of(kontainer.pid, read_processes());
  TRY(send_signal(kontainer, SIGTERM));
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  if (wait_for_end(process, static_cast<int>(milliseconds))) {
    if (kontainer.krun_root.empty()) kill_rest(kontainer, before);
    return {};
  }
  TRY(kill_tree(kontainer));
  if (wait_for_end(process, kKillPatience)) return {};
  return fail(std::to_string(kontainer.pid), "", "did not end by SIGKILL");
}

}  // namespace kontain::cli

#include "krun/hooks/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

#include "base/unique_fd.h"

namespace kontain::krun::hooks {
namespace {

constexpr size_t kLongestMessage = 4096;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

[[noreturn]] void become_hook(const spec::Hook& hook, int input, int output, const std::string& folder) {
  // A group of its own: a timeout ends its children too.
  setpgid(0, 0);
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) _exit(125);
  if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(125);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(hook.path.c_str(), pointers(hook.arguments).data(), pointers(hook.environment).data());
  const std::string message = hook.path + ": " + errno_text(errno);
  static_cast<void>(!write(STDERR_FILENO, message.data(), message.size()));
  _exit(127);
}

// Whatever the hook prints until its end or its timeout; false: it is late.
bool collect_output(int pidfd, int output, int timeout, std::string& text) {
  pollfd entries[2] = {{output, POLLIN, 0}, {pidfd, POLLIN, 0}};
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t end = now.tv_sec * 1000 + now.tv_nsec / 1'000'000 + timeout;
  for (;;) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t left = timeout < 0 ? -1 : end - now.tv_sec * 1000 - now.tv_nsec / 1'000'000;
    if (timeout >= 0 && left <= 0) return false;
    const int ready = poll(entries, 2, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return true;
    if (ready == 0) return false;
    if (entries[0].revents) {
      char buffer[1024];
      const ssize_t count = read(output, buffer, sizeof buffer);
      if (count > 0 && text.size() < kLongestMessage) text.append(buffer, static_cast<size_t>(count));
      if (count <= 0) entries[0].fd = -1;
    }
    if (entries[1].revents && !(entries[0].revents & POLLIN)) return true;
  }
}

Result<void> run_hook(const spec::Hook& hook, const std::string& what, const std::string& state,
                      const std::string& folder) {
  TRY_ASSIGN(const int number, make_input(state));
  const UniqueFd input(number);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(what, hook.path, errno);
  const UniqueFd output(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno(what, hook.path, errno);
  if (pid == 0) become_hook(hook, input.get(), writing.get(), folder);
  setpgid(pid, pid);  // whoever of the two is first
  writing.reset();
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  std::string text;
  const bool in_time = collect_output(pidfd.get(), output.get(), milliseconds_for(hook), text);
  if (!in_time) kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return fail(what, hook.path, "hook ran past its timeout");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string end = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                                            : "signal " + std::to_string(WTERMSIG(status));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return fail(what, hook.path, end + (text.empty() ? "" : ", stderr: " + text));
}

}  // namespace

int milliseconds_for(const spec::Hook& hook) {
  constexpr int kLongest = std::numeric_limits<int>::max() / 1000;
  return hook.timeout_seconds ? std::min(*hook.timeout_seconds, kLongest) * 1000 : -1;
}

Result<int> make_input(const std::string& text) {
  UniqueFd fd(memfd_create("state", MFD_CLOEXEC));
  if (!fd || pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return fail_errno("memfd_create", "", errno);
  }
  return fd.release();
}

Result<void> run_hooks(const std::vector<spec::Hook>& hooks, const char* kind, const std::string& state,
                       const std::string& folder) {
  for (size_t i = 0; i < hooks.size(); ++i) {
    const std::string what = "error running " + std::string(kind) + " hook #" + std::to_string(i);
    TRY(run_hook(hooks[i], what, state, folder));
  }
  return {};
}

}  // namespace kontain::krun::hooks

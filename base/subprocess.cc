#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

extern char** environ;

namespace kontain {
namespace {

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe2", "", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Reads both pipes to their ends; neither can block the other.
void drain(Pipe& out, Pipe& err, SubprocessResult& result) {
  struct Source {
    int fd;
    std::string* sink;
  };
  Source sources[2] = {{out.read_end.get(), &result.out}, {err.read_end.get(), &result.err}};
  int open_count = 2;
  while (open_count > 0) {
    pollfd polled[2] = {{sources[0].fd, POLLIN, 0}, {sources[1].fd, POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) return;
    for (int i = 0; i < 2; ++i) {
      if (!polled[i].revents) continue;
      char buffer[16384];
      ssize_t count = read(sources[i].fd, buffer, sizeof buffer);
      if (count > 0) {
        sources[i].sink->append(buffer, static_cast<size_t>(count));
      } else if (count == 0 || errno != EINTR) {
        sources[i].fd = -1;
        --open_count;
      }
    }
  }
}

}  // namespace

Result<SubprocessResult> run_subprocess(const std::vector<std::string>& argv) {
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write_end.get(), STDERR_FILENO);
  pid_t pid = -1;
  int spawn_error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (spawn_error != 0) return fail_errno("cannot start", argv[0], spawn_error);

  out.write_end.reset();
  err.write_end.reset();
  SubprocessResult result;
  drain(out, err, result);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  } else {
    result.exit_code = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace kontain

#include "cli/run/attend.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/fleet/places.h"
#include "cli/run/user_network.h"
#include "cli/support/files.h"
#include "cli/support/output.h"
#include "cli/support/spawn.h"

namespace kontain::cli {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
// What is passed on to krun, which passes it on to the program. The terminal's own signals reach both anyway.
constexpr int kPassedOn[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH};
constexpr int kOfTheTerminal[] = {SIGINT, SIGQUIT, SIGTSTP};

volatile sig_atomic_t krun_pid = 0;

void pass_on(int signal) {
  if (krun_pid > 0) kill(krun_pid, signal);
}

void set_handlers() {
  for (const int signal : kPassedOn) {
    struct sigaction action = {};
    action.sa_handler = pass_on;
    sigaction(signal, &action, nullptr);
  }
  for (const int signal : kOfTheTerminal) {
    struct sigaction action = {};
    action.sa_handler = SIG_IGN;
    sigaction(signal, &action, nullptr);
  }
}

constexpr auto kHandled = [] {
  std::array<int, std::size(kPassedOn) + std::size(kOfTheTerminal)> all{};
  std::ranges::copy(kOfTheTerminal, std::ranges::copy(kPassedOn, all.begin()).out);
  return all;
}();

struct Stdio {
  int input = 0;
  int output = 1;
  int error = 2;
};

// Starts krun, in a network of the user's where the kontainer has one, with the signals as they were before
// set_handlers().
Result<pid_t> start(const Prepared& prepared, const Stdio& stdio, std::unique_ptr<UserNetwork>& network) {
  Command command = prepared.command;
  if (prepared.user_network.kind != Network::None) {
    TRY_ASSIGN(network, start_user_network(prepared.user_network));
    command.insert(command.begin(), network->prefix().begin(), network->prefix().end());
  }
  return spawn(command,
               {.input = stdio.input, .output = stdio.output, .error = stdio.error, .default_signals = kHandled});
}

int exit_status_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int wait_for(pid_t pid) { return exit_status_of(wait_for_end(pid)); }

// What krun wrote into its own log: why the program could not be started. Empty: it was.
std::string failure_of(const Prepared& prepared) {
  const std::string text = read_text(prepared.folder.file("krun.log")).value_or("");
  const size_t start = text.find("msg=\"");
  if (start == std::string::npos) return "";
  const auto message =
      nlohmann::json::parse(text.substr(start + 4, text.find('\n', start) - start - 4), nullptr, false);
  return message.is_string() ? message.get<std::string>() : "krun failed";
}

bool has(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

// As a shell and Docker have it.
int status_of_failure(const std::string& failure) {
  if (has(failure, "executable file not found") || has(failure, "no such file or directory")) return kNotFound;
  return has(failure, "permission denied") || has(failure, "is a directory") ? kNotExecutable : kOwnFailure;
}

// Of the detached process: one line through `report`, "" when the program runs.
int attend_in_background(Prepared& prepared, UniqueFd report, const UniqueFd& log) {
  setsid();
  const UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  std::unique_ptr<UserNetwork> network;
  const auto pid = start(prepared, {nothing.get(), log.get(), log.get()}, network);
  std::string failure = pid ? "" : pid.error().message();
  int status = kOwnFailure;
  if (pid) {
    krun_pid = *pid;
    set_handlers();
    int wait_status = 0;
    bool ended = false;
    while (!(ended = waitpid(*pid, &wait_status, WNOHANG) == *pid) && !is_running(prepared.record.id)) {
      std::this_thread::sleep_for(kLook);
    }
    if (ended) failure = failure_of(prepared);
    static_cast<void>(!write(report.get(), failure.data(), failure.size()));
    report.reset();
    for (const int fd : {0, 1, 2}) dup2(nothing.get(), fd);
    status = ended ? exit_status_of(wait_status) : wait_for(*pid);
  } else {
    static_cast<void>(!write(report.get(), failure.data(), failure.size()));
  }
  network.reset();
  if (!failure.empty()) prepared.record.keep = false;
  static_cast<void>(finish(prepared, status));
  return 0;
}

std::string read_to_end(const UniqueFd& fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
}

}  // namespace

Result<int> attend_here(Prepared prepared, const RunOptions& options) {
  const UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const bool reads = options.interactive || options.terminal;
  std::unique_ptr<UserNetwork> network;
  const auto pid = start(prepared, {reads ? STDIN_FILENO : nothing.get(), STDOUT_FILENO, STDERR_FILENO}, network);
  int status = kOwnFailure;
  if (pid) {
    krun_pid = *pid;
    set_handlers();
    status = wait_for(*pid);
    krun_pid = 0;
    // krun has said why on our standard error output already.
    if (const std::string failure = failure_of(prepared); !failure.empty()) status = status_of_failure(failure);
  }
  network.reset();
  const auto finished = finish(prepared, status);
  if (!pid) return tl::make_unexpected(pid.error());
  if (!finished) print_warning(finished.error().message());
  return status;
}

Result<int> attend_detached(Prepared prepared) {
  const std::string id = prepared.record.id;
  UniqueFd log(open(prepared.folder.file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  int ends[2] = {-1, -1};
  if (!log || pipe2(ends, O_CLOEXEC) != 0) {
    const int error = errno;
    static_cast<void>(finish(prepared, kOwnFailure));
    return fail_errno("cannot start", id, error);
  }
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    reader.reset();
    _exit(attend_in_background(prepared, std::move(writer), log));
  }
  writer.reset();
  if (child < 0) {
    const int error = errno;
    static_cast<void>(finish(prepared, kOwnFailure));
    return fail_errno("fork", "", error);
  }
  const std::string failure = read_to_end(reader);
  if (!failure.empty()) return fail(id, "", failure);
  TRY(print(id + "\n"));
  return 0;
}

Result<int> show_log(const std::string& name, Follow follow) {
  TRY_ASSIGN(const std::string folder, record_folder_of(name));
  const UniqueFd log(open((folder + "/log").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!log) return fail(name, "", "has no log: its output went to where it was started");
  for (;;) {
    // Asked before the rest is read, so that nothing is missed.
    const auto record = decode_record(read_text(folder + "/record.json").value_or(""));
    TRY(print(read_to_end(log)));
    if (follow == Follow::No || !record || !record->running) return 0;
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace kontain::cli

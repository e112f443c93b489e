#include "cli/run/pasta.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/subprocess.h"
#include "cli/support/files.h"

extern char** environ;

namespace kontain::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kLook = std::chrono::milliseconds(5);

std::string port_text(const Publish& port) {
  const std::string host = port.host_address.empty() ? "" : port.host_address + "/";
  return host + std::to_string(port.host_port) + ":" + std::to_string(port.port);
}

std::string ports_text(const std::vector<Publish>& publish, bool udp) {
  std::string ports;
  for (const Publish& port : publish) {
    if (port.udp == udp) ports += (ports.empty() ? "" : ",") + port_text(port);
  }
  return ports.empty() ? "none" : ports;
}

// With `input` as its standard input; its output is ours.
Result<pid_t> spawn(const Command& command, int input) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own: the terminal's signals are for the program.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("cannot start", command[0], error);
  return pid;
}

std::string of_process(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + file; }

// proc(5): the children of its first thread; 0 when there are none.
pid_t first_child(pid_t pid) {
  const std::string text =
      read_text(of_process(pid, ("/task/" + std::to_string(pid) + "/children").c_str())).value_or("");
  pid_t child = 0;
  std::from_chars(text.data(), text.data() + text.size(), child);
  return child;
}

bool shares_network(pid_t pid) {
  std::error_code error;
  const auto theirs = std::filesystem::read_symlink(of_process(pid, "/ns/net"), error);
  return !error && theirs == std::filesystem::read_symlink("/proc/self/ns/net", error);
}

// The table of routes of the namespace has more than its heading.
bool has_routes(pid_t pid) {
  const std::string routes = read_text(of_process(pid, "/net/route")).value_or("");
  const std::string routes6 = read_text(of_process(pid, "/net/ipv6_route")).value_or("");
  return std::ranges::count(routes, '\n') > 1 || routes6.find("eth") != std::string::npos;
}

// The process inside, once its network is ready; 0 when pasta has ended instead.
pid_t wait_for_network(pid_t pasta) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    if (waitpid(pasta, nullptr, WNOHANG) == pasta) return 0;
    const pid_t inside = first_child(pasta);
    const bool late = std::chrono::steady_clock::now() > end;
    if (inside > 0 && !shares_network(inside) && (late || has_routes(inside))) return inside;
    if (late) {
      kill(pasta, SIGKILL);
      static_cast<void>(waitpid(pasta, nullptr, 0));
      return 0;
    }
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

Result<Command> pasta_command(const std::vector<Publish>& publish) {
  const std::string pasta = find_tool("pasta");
  if (pasta.empty()) return fail("network", "pasta", "is not installed (package passt)");
  return Command{pasta,         "--config-net",
                 "--quiet",     "--foreground",
                 "--tcp-ports", ports_text(publish, false),
                 "--udp-ports", ports_text(publish, true),
                 "--tcp-ns",    "none",
                 "--udp-ns",    "none"};
}

PastaNetwork::~PastaNetwork() {
  life_.reset();
  kill(pasta_, SIGTERM);
  while (waitpid(pasta_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<std::unique_ptr<PastaNetwork>> start_pasta(Command command) {
  const std::string enter = find_tool("nsenter");
  const std::string cat = find_tool("cat");
  if (enter.empty() || cat.empty()) return fail("network", "nsenter, cat", "are not installed");
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("network", "pipe", errno);
  const UniqueFd read_end(ends[0]);
  UniqueFd life(ends[1]);
  command.insert(command.end(), {"--", cat});
  TRY_ASSIGN(const pid_t pasta, spawn(command, read_end.get()));
  const pid_t inside = wait_for_network(pasta);
  if (inside == 0) return fail("network", "pasta", "has ended");
  const Command prefix = {enter, "--target", std::to_string(inside), "--user", "--net", "--preserve-credentials", "--"};
  return std::make_unique<PastaNetwork>(pasta, std::move(life), prefix);
}

}  // namespace kontain::cli

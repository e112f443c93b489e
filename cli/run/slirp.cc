#include "cli/run/slirp.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/unique_fd.h"
#include "cli/support/files.h"
#include "cli/support/spawn.h"

namespace kontain::cli {
namespace {

constexpr size_t kLongestAnswer = 65536;

// Until one of them is taken over by whoever ends them later.
class Started {
 public:
  ~Started() {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) static_cast<void>(wait_for_end(pid));
  }
  Started() = default;
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  void add(pid_t pid) { pids_.push_back(pid); }
  std::vector<pid_t> take() { return std::exchange(pids_, {}); }

 private:
  std::vector<pid_t> pids_;
};

// unshare(1) executes cat(1) when the namespaces are there and the users are mapped.
bool wait_for_namespaces(pid_t pid) {
  const auto end = std::chrono::steady_clock::now() + kHelperPatience;
  while (read_text(proc_file(pid, "comm")) != "cat\n" || shares_network(pid)) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(kHelperLook);
  }
  return true;
}

// slirp4netns(1), --ready-fd: one byte. False when it has ended, or takes too long.
bool wait_for_byte(const UniqueFd& fd) {
  pollfd wanted = {fd.get(), POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + kHelperPatience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    const int ready = poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    char byte = 0;
    return ready == 1 && read(fd.get(), &byte, 1) == 1;
  }
}

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail_errno("network", path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience = {kHelperPatience.count(), 0};
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("network", path, errno);
  }
  return fd;
}

std::string read_answer(const UniqueFd& fd) {
  std::string answer;
  std::array<char, 4096> buffer{};
  while (answer.size() < kLongestAnswer) {
    const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    answer.append(buffer.data(), static_cast<size_t>(size));
  }
  return answer;
}

// One request a connection.
Result<void> forward(const Publish& port, const std::string& socket) {
  TRY_ASSIGN(const UniqueFd fd, connect_to(socket));
  const std::string request = forward_request(port);
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()) ||
      shutdown(fd.get(), SHUT_WR) != 0) {
    return fail_errno("network", "slirp4netns", errno);
  }
  return judge_answer(port, read_answer(fd));
}

std::string name_of(const Publish& port) {
  return (port.host_address.empty() ? "" : port.host_address + ":") + std::to_string(port.host_port) +
         (port.udp ? "/udp" : "/tcp");
}

}  // namespace

std::string forward_request(const Publish& port) {
  const nlohmann::ordered_json request = {{"execute", "add_hostfwd"},
                                          {"arguments",
                                           {{"proto", port.udp ? "udp" : "tcp"},
                                            {"host_addr", port.host_address.empty() ? "0.0.0.0" : port.host_address},
                                            {"host_port", port.host_port},
                                            {"guest_port", port.port}}}};
  return request.dump();
}

Result<void> judge_answer(const Publish& port, const std::string& answer) {
  const auto parsed = nlohmann::json::parse(answer, nullptr, false);
  if (parsed.is_object() && parsed.contains("return") && !parsed.contains("error")) return {};
  std::string reason = "slirp4netns did not answer";
  if (parsed.is_object() && parsed.contains("error")) {
    const auto& error = parsed["error"];
    const bool plain = error.is_object() && error.contains("desc") && error["desc"].is_string();
    reason = plain ? error["desc"].get<std::string>() : "slirp4netns refuses it";
  }
  return fail("--publish", name_of(port), reason);
}

Result<HelperProcesses> start_slirp(const std::vector<Publish>& publish, const std::string& socket,
                                    const HelperStart& how) {
  const std::string unshare = find_tool("unshare");
  if (unshare.empty()) return fail("network", "unshare", "is not installed");
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("network", "pipe", errno);
  const UniqueFd ready(ends[0]);
  UniqueFd tell(ends[1]);
  Started started;
  TRY_ASSIGN(const pid_t inside, spawn({unshare, "--user", "--map-root-user", "--net", "--", how.cat},
                                       {.input = how.life, .output = how.nothing, .own_group = true}));
  started.add(inside);
  if (!wait_for_namespaces(inside)) return fail("network", "unshare", "made no namespaces");
  // The host's own services on 127.0.0.1 are not for kontainers.
  Command command = {find_tool("slirp4netns"),
                     "--configure",
                     "--mtu=65520",
                     "--disable-host-loopback",
                     "--ready-fd=" + std::to_string(tell.get()),
                     "--exit-fd=" + std::to_string(how.life)};
  if (!publish.empty()) command.push_back("--api-socket=" + socket);
  command.insert(command.end(), {std::to_string(inside), "tap0"});
  TRY_ASSIGN(const pid_t slirp,
             spawn(command, {.output = how.nothing, .descriptors = {tell.get(), how.life}, .own_group = true}));
  started.add(slirp);
  tell.reset();
  if (!wait_for_byte(ready)) return fail("network", "slirp4netns", "has ended");
  for (const Publish& port : publish) TRY(forward(port, socket));
  return HelperProcesses{started.take(), inside};
}

}  // namespace kontain::cli

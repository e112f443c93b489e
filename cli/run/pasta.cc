#include "cli/run/pasta.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "cli/run/resolver.h"
#include "cli/support/files.h"
#include "cli/support/spawn.h"

namespace kontain::cli {
namespace {

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

// proc(5): the children of its first thread; 0 when there are none.
pid_t first_child(pid_t pid) {
  const std::string text =
      read_text(proc_file(pid, ("task/" + std::to_string(pid) + "/children").c_str())).value_or("");
  pid_t child = 0;
  std::from_chars(text.data(), text.data() + text.size(), child);
  return child;
}

// The table of routes of the namespace has more than its heading.
bool has_routes(pid_t pid) {
  const std::string routes = read_text(proc_file(pid, "net/route")).value_or("");
  const std::string routes6 = read_text(proc_file(pid, "net/ipv6_route")).value_or("");
  return std::ranges::count(routes, '\n') > 1 || routes6.find("eth") != std::string::npos;
}

// The process inside, once its network is ready; 0 when pasta has ended instead.
pid_t wait_for_network(pid_t pasta) {
  const auto end = std::chrono::steady_clock::now() + kHelperPatience;
  for (;;) {
    if (waitpid(pasta, nullptr, WNOHANG) == pasta) return 0;
    const pid_t inside = first_child(pasta);
    const bool late = std::chrono::steady_clock::now() > end;
    if (inside > 0 && !shares_network(inside) && (late || has_routes(inside))) return inside;
    if (late) {
      kill(pasta, SIGKILL);
      static_cast<void>(wait_for_end(pasta));
      return 0;
    }
    std::this_thread::sleep_for(kHelperLook);
  }
}

}  // namespace

Result<HelperProcesses> start_pasta(const std::vector<Publish>& publish, const HelperStart& how) {
  const Command command = {find_tool("pasta"), "--config-net", "--quiet", "--foreground",
                           // Else the gateway's address leads to what listens on the host's loopback only.
                           "--no-map-gw", "--dns-forward", kPastaNameServer, "--tcp-ports", ports_text(publish, false),
                           "--udp-ports", ports_text(publish, true), "--tcp-ns", "none", "--udp-ns", "none", "--",
                           how.cat};
  TRY_ASSIGN(const pid_t pasta, spawn(command, {.input = how.life, .output = how.nothing, .own_group = true}));
  const pid_t inside = wait_for_network(pasta);
  if (inside == 0) return fail("network", "pasta", "has ended");
  return HelperProcesses{{pasta}, inside};
}

}  // namespace kontain::cli

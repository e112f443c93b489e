#include "cli/run/resolver.h"

#include <algorithm>

#include "base/text.h"
#include "cli/run/slirp.h"

namespace kontain::cli {
namespace {

constexpr std::string_view kKeyword = "nameserver";
constexpr std::string_view kBlank = " \t";

// The address of a line of resolv.conf(5) that names a server; empty: it is another line.
std::string server_of(const std::string& line) {
  if (!line.starts_with(kKeyword) || line.find_first_of(kBlank) != kKeyword.size()) return "";
  const size_t start = line.find_first_not_of(kBlank, kKeyword.size());
  if (start == std::string::npos) return "";
  return line.substr(start, line.find_first_of(" \t\r", start) - start);
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

std::vector<std::string> servers_of(const std::string& text) {
  std::vector<std::string> servers;
  for (const std::string& line : split(text, '\n')) {
    if (std::string server = server_of(line); !server.empty()) servers.push_back(std::move(server));
  }
  return servers;
}

// What is behind each server of the host, seen from inside: itself where it can be reached, else what leads to it.
std::vector<std::string> reachable(Network kind, const std::vector<std::string>& servers) {
  if (kind == Network::Slirp4netns) return {kSlirpNameServer};
  std::vector<std::string> inside;
  for (const std::string& server : servers) {
    const bool unreachable = is_loopback(server) && (kind == Network::Bridge || kind == Network::Pasta);
    if (unreachable && kind == Network::Bridge) continue;
    const std::string seen = unreachable ? kPastaNameServer : server;
    if (std::ranges::find(inside, seen) == inside.end()) inside.push_back(seen);
  }
  return inside;
}

}  // namespace

std::string resolver_text(Network kind, const HostResolvers& host, const std::vector<std::string>& chosen) {
  std::vector<std::string> servers = chosen.empty() ? reachable(kind, servers_of(host.text)) : chosen;
  if (servers.empty() && kind == Network::Bridge) servers = reachable(kind, servers_of(host.upstream_text));
  std::string text;
  for (const std::string& server : servers) text += std::string(kKeyword) + " " + server + "\n";
  for (const std::string& line : split(host.text, '\n')) {
    if (line.starts_with("search") || line.starts_with("options") || line.starts_with("domain")) text += line + "\n";
  }
  return text;
}

bool lost_every_server(const HostResolvers& host, const std::string& text) {
  return servers_of(text).empty() && !servers_of(host.text).empty();
}

}  // namespace kontain::cli

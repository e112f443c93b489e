// Where a kontainer finds its name servers: the text of its resolv.conf(5), which depends on how its network reaches
// what the host's names. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/run/options.h"

namespace kontain::cli {

// Inside, by pasta: leads to the first name server of the host, also where that listens on a loopback address.
inline constexpr char kPastaNameServer[] = "169.254.1.1";

// The host's /etc/resolv.conf when that names only systemd-resolved's own address, 127.0.0.53: the servers behind it.
inline constexpr char kUpstreamResolvers[] = "/run/systemd/resolve/resolv.conf";

struct HostResolvers {
  std::string text;           // of /etc/resolv.conf
  std::string upstream_text;  // of kUpstreamResolvers; empty: there is none
};

// `chosen`: of --dns, in place of the host's. Search domains and options are always the host's.
std::string resolver_text(Network kind, const HostResolvers& host, const std::vector<std::string>& chosen);

// The text names no server although the host has one: it listens where this kind of network does not lead.
bool lost_every_server(const HostResolvers& host, const std::string& text);

}  // namespace kontain::cli

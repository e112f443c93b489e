// A user's network by slirp4netns(1), in namespaces that unshare(1) makes.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cli/run/helper.h"
#include "cli/run/network.h"

namespace kontain::cli {

// The name server inside, which asks those of the host (slirp4netns(1), --disable-dns).
inline constexpr char kSlirpNameServer[] = "10.0.2.3";

// Starts both, and has the ports forwarded by requests through a socket at `socket`. On return the network is there.
Result<HelperProcesses> start_slirp(const std::vector<Publish>& publish, const std::string& socket,
                                    const HelperStart& how);

// slirp4netns(1), --api-socket: the request for one port.
std::string forward_request(const Publish& port);

// What an answer says: nothing, or why the port is not forwarded.
Result<void> judge_answer(const Publish& port, const std::string& answer);

}  // namespace kontain::cli

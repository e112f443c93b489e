// A network for a kontainer of a user who is not root: a program of the host's carries packets between a network
// namespace and the user's sockets, pasta(1) or, where that is not installed, slirp4netns(1). It runs beside the
// kontainer, not around it: pasta's own process namespace would give krun process numbers that mean nothing to anybody
// outside.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "cli/run/network.h"

namespace kontain::cli {

struct UserNetworkPlan {
  Network kind = Network::None;  // Pasta or Slirp4netns; None: the kontainer has no such network
  std::vector<Publish> publish;
  std::string socket;  // a path for slirp4netns's socket of requests, in a folder of the kontainer's own
};

// Ends the helpers, and with them the namespaces, when it is destroyed. A process that is killed instead ends them too.
class UserNetwork {
 public:
  // `life`: the process inside ends when this is closed. `inside`: that process, whose namespaces are to be entered.
  UserNetwork(std::vector<pid_t> helpers, UniqueFd life, Command prefix)
      : helpers_(std::move(helpers)), life_(std::move(life)), prefix_(std::move(prefix)) {}
  ~UserNetwork();
  UserNetwork(const UserNetwork&) = delete;
  UserNetwork& operator=(const UserNetwork&) = delete;

  // In front of a command: runs it in the namespaces, as root of the user namespace.
  const Command& prefix() const { return prefix_; }

 private:
  std::vector<pid_t> helpers_;
  UniqueFd life_;
  Command prefix_;
};

// Of the programs that make one, that which is installed; `wanted` Auto, Pasta or Slirp4netns.
Result<Network> choose_user_network(Network wanted);

// Starts it. On return the namespace has its routes, as far as the host has any, and the published ports lead there.
Result<std::unique_ptr<UserNetwork>> start_user_network(const UserNetworkPlan& plan);

}  // namespace kontain::cli

// A network for a kontainer of a user who is not root: pasta(1) makes a user and a network namespace and carries
// packets between the network and the user's sockets. It runs beside the kontainer, not around it: pasta's own process
// namespace would give krun process numbers that mean nothing to anybody outside.
#pragma once

#include <sys/types.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "cli/run/network.h"

namespace kontain::cli {

// pasta's command line for these ports, without the program it is to run. An error when pasta is not installed.
Result<Command> pasta_command(const std::vector<Publish>& publish);

// Ends pasta, and with it the namespaces, when it is destroyed. A process that is killed instead ends it as well.
class PastaNetwork {
 public:
  PastaNetwork(pid_t pasta, UniqueFd life, Command prefix)
      : pasta_(pasta), life_(std::move(life)), prefix_(std::move(prefix)) {}
  ~PastaNetwork();
  PastaNetwork(const PastaNetwork&) = delete;
  PastaNetwork& operator=(const PastaNetwork&) = delete;

  // In front of a command: runs it in the namespaces, as root of the user namespace.
  const Command& prefix() const { return prefix_; }

 private:
  pid_t pasta_;
  UniqueFd life_;  // the process inside ends when this is closed, and pasta after it
  Command prefix_;
};

// Starts pasta by `command` of pasta_command(). On return the namespace has its routes, as far as the host has any.
Result<std::unique_ptr<PastaNetwork>> start_pasta(Command command);

}  // namespace kontain::cli

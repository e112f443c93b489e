// The last steps of every process of a container, init and exec alike: from privileged and inside to km.
#pragma once

#include <string>
#include <vector>

#include "krun/console/console.h"
#include "krun/launch/launch.h"
#include "krun/spec/model.h"

namespace kontain::krun::container {

struct ProcessStart {
  const spec::Process* process = nullptr;
  std::vector<std::pair<std::string, std::string>> annotations;
  std::vector<std::string> seccomp_filters;
  uint64_t seccomp_flags = 0;
  int console_socket = -1;
  int preserve_fds = 0;
  bool shares_mounts = false;  // the root is below the host's, with no mount namespace in between
};

// Limits, priorities and labels that need privileges. Before the root is entered: /proc is the host's.
Result<void> apply_limits(const spec::Process& process);

// Makes the terminal below `root`, sends its master away and uses its slave; nothing when none is wanted.
Result<void> set_up_terminal(int root, const ProcessStart& start);

// In the root: working directory, user, and what km will be told.
Result<launch::Payload> become_process(const ProcessStart& start, bool may_create_cwd);

// The first descriptor that the payload does not get: behind stdio, LISTEN_FDS and --preserve-fds.
int first_closed_fd(const ProcessStart& start);

// In a new process: closes what it inherited and has no use for, from first_closed_fd() on.
void keep_only(std::vector<int> kept, int first_closed);

}  // namespace kontain::krun::container

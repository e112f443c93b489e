// The container's first process, from clone(2) to km.
#pragma once

#include <string>
#include <vector>

#include "krun/cgroup/entrance.h"
#include "krun/container/channel.h"
#include "krun/container/process_start.h"
#include "krun/sandbox/mounts.h"
#include "krun/sandbox/namespaces.h"
#include "krun/sandbox/rootfs.h"
#include "krun/spec/model.h"

namespace kontain::krun::container {

struct InitPlan {
  const spec::Config* config = nullptr;
  std::string rootfs;  // absolute
  std::string bundle;
  std::string hook_state;  // for createContainer and startContainer hooks, with "PID" in place of the process id
  std::string session;     // name of the new session keyring; empty: none
  sandbox::Pivot pivot = sandbox::Pivot::PivotRoot;
  ProcessStart start;
  cgroup::Entrance entrance;
  launch::Monitor monitor;
  UniqueFd fifo;
  sandbox::MountContext mounts;
  std::vector<sandbox::OpenNamespace> namespaces;
};

// Makes the process: its id. It goes through the messages of channel.h and then waits at the FIFO.
Result<pid_t> spawn_init(InitPlan& plan, Channel& ours, Channel& theirs);

}  // namespace kontain::krun::container

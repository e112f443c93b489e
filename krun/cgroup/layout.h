// Which cgroup hierarchies this host has, found by looking at its mounts.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kontain::krun::cgroup {

struct Hierarchy {
  std::string mount_point;
  std::string mount_root;                // of the hierarchy that is visible there; "/" nearly always
  std::vector<std::string> controllers;  // v1: "memory", or "name=systemd"; v2: empty
  bool unified = false;                  // v2
  std::string own_path;                  // the cgroup of the process in it

  bool has(std::string_view controller) const;
};

// v1: the controllers are in hierarchies of their own; a v2 mount without them may stand beside (hybrid).
struct Layout {
  std::vector<Hierarchy> hierarchies;
  bool is_unified() const;  // all there is is v2
  const Hierarchy* find(std::string_view controller) const;
};

// Pure: `mountinfo` and `own` are the texts of /proc/self/mountinfo and /proc/PID/cgroup.
Layout parse_layout(const std::string& mountinfo, const std::string& own);
// As this process sees it, with the places of `pid`; 0: its own.
Result<Layout> detect_layout(pid_t pid = 0);

}  // namespace kontain::krun::cgroup

// exec: another process in a running container, in a virtual machine of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/container/settings.h"
#include "krun/spec/model.h"

namespace kontain::krun::container {

struct ExecRequest {
  std::string root, id;
  std::string process_file;  // process.json; without it what follows changes the container's own process
  std::vector<std::string> arguments;
  std::optional<bool> terminal;
  std::string cwd;
  std::vector<std::string> environment;
  std::string user;  // UID[:GID]
  std::vector<std::string> capabilities;
  std::vector<uint32_t> additional_gids;
  std::optional<bool> no_new_privileges;
  std::string apparmor_profile, process_label;
  std::string cgroup;  // below the container's
  std::string console_socket, pid_file;
  bool detach = false;
  bool ignore_paused = false;
  int preserve_fds = 0;
};

// The exit status of the process; 0 at once when it is detached.
Result<int> exec_in_container(ExecRequest& request, const Settings& settings);

}  // namespace kontain::krun::container

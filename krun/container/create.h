// create, and what run and exec share with it.
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/container/settings.h"
#include "krun/state/state.h"

namespace kontain::krun::container {

struct CreateRequest {
  std::string root;  // of the state folders
  std::string id;
  std::string bundle = ".";
  std::string config = "config.json";  // in the bundle, or absolute
  std::string console_socket;
  std::string pid_file;
  bool no_pivot = false;
  bool no_new_keyring = false;
  int preserve_fds = 0;
  cgroup::Presence cgroups = cgroup::Presence::Required;
  UniqueFd console;  // a connected socket in place of console_socket
};

// Makes the container and its process, which waits for start. The process is a child of this one.
Result<state::State> create_container(CreateRequest& request, const Settings& settings);

// The configuration of a bundle.
Result<spec::Config> load_config(const std::string& bundle, const std::string& config, std::string* text = nullptr);

Result<void> write_pid_file(const std::string& path, pid_t pid);

// The state as hooks and `state` see it.
std::string hook_state(const state::State& state, state::Status status);

}  // namespace kontain::krun::container

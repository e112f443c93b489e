// The verbs that work on a container that exists, and run.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "krun/cgroup/oom.h"
#include "krun/container/create.h"
#include "krun/container/settings.h"
#include "krun/spec/model.h"
#include "krun/state/state.h"

namespace kontain::krun::container {

struct RunRequest {
  CreateRequest create;
  bool detach = false;
  bool keep = false;
  bool die_with_parent = false;  // kill it when our parent has ended; not with `detach`
};

// create, start, and unless detached its end and delete: the exit status of the container's process.
Result<int> run_container(RunRequest& request, const Settings& settings);

// Returns when the container's program runs, and if it does so soon, waits for something for the first time.
Result<void> start_container(const std::string& root, const std::string& id);

// `signal`: "TERM", "SIGTERM" or a number.
Result<int> parse_signal(const std::string& signal);
struct KillOptions {
  int signal = 15;
  bool all = false;
};
Result<void> kill_container(const std::string& root, const std::string& id, const KillOptions& options);

enum class Force { No, Yes };
Result<void> delete_by_id(const std::string& root, const std::string& id, Force force);

Result<void> pause_container(const std::string& root, const std::string& id);
Result<void> resume_container(const std::string& root, const std::string& id);
Result<void> update_container(const std::string& root, const std::string& id, const spec::Resources& resources);

struct Known {
  state::State state;
  state::Status status;
};
Result<Known> look_up(const std::string& root, const std::string& id);
std::vector<Known> look_up_all(const std::string& root);

// Processes of the container, by their host's numbers.
Result<std::vector<pid_t>> processes_of(const std::string& root, const std::string& id);

// What tells of a container's end (readable then) and of memory that has run out (nothing: it has no memory cgroup).
struct Watch {
  UniqueFd init;
  std::optional<cgroup::OomWatch> oom;
};
Result<Watch> watch_container(const std::string& root, const std::string& id);

Result<nlohmann::json> statistics_of(const std::string& root, const std::string& id);

}  // namespace kontain::krun::container

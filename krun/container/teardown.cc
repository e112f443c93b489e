#include "krun/container/teardown.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/log.h"
#include "krun/container/create.h"
#include "krun/hooks/hooks.h"
#include "krun/sandbox/rootfs.h"

namespace kontain::krun::container {
namespace {

Result<void> remove_mounts(const state::State& state) {
  if (!state.mounts_before) return {};
  return sandbox::remove_shared_root(state.rootfs, *state.mounts_before);
}

}  // namespace

Result<void> remove_container(state::Folder& folder, const state::State& state) {
  const auto start_time = state.pid > 0 ? state::process_start_time(state.pid) : std::nullopt;
  if (start_time && *start_time == state.start_time) kill(state.pid, SIGKILL);
  if (!state.owns_cgroup) {
    state.cgroup.remove_if_empty();
    TRY(remove_mounts(state));
    folder.remove();
    return {};
  }
  auto killed = state.cgroup.kill_all(SIGKILL);
  auto removed = state.cgroup.remove();
  if (!killed) return killed;
  if (!removed) return removed;
  TRY(remove_mounts(state));
  folder.remove();
  return {};
}

Result<void> delete_container(state::Folder& folder, const state::State& state) {
  const auto config = load_config(folder.path(), "config.json");
  TRY(remove_container(folder, state));
  if (!config) return {};
  const std::string text = hook_state(state, state::Status::Stopped);
  for (const spec::Hook& hook : config->hooks.poststop) {
    if (auto ran = hooks::run_hooks({hook}, "poststop", text, state.bundle); !ran) print_warning(ran.error().message());
  }
  return {};
}

}  // namespace kontain::krun::container

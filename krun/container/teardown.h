// The end of a container, whatever state it is in.
#pragma once

#include "base/error.h"
#include "krun/state/state.h"

namespace kontain::krun::container {

// Kills what is left, removes the cgroup, mounts in the host's namespace and the state folder. Also after a krun that
// was killed between any two of its steps: what never was is not missed.
Result<void> remove_container(state::Folder& folder, const state::State& state);

// The same with the poststop hooks of the configuration that was kept. Their failures are warnings.
Result<void> delete_container(state::Folder& folder, const state::State& state);

}  // namespace kontain::krun::container

// Programs of the host that a configuration wants to be run at points of a container's life.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "krun/spec/model.h"

namespace kontain::krun::hooks {

// Runs them in their order, each with `state` (JSON) on its stdin, in `folder`, with exactly its own environment. The
// first that fails, or takes longer than its timeout, ends the series: its stderr is part of the error.
Result<void> run_hooks(const std::vector<spec::Hook>& hooks, const char* kind, const std::string& state,
                       const std::string& folder);

// Gives `text` to whoever reads the descriptor that is returned: no reader is waited for, whatever the size.
Result<int> make_input(const std::string& text);

// For poll(2): how long a hook may take; -1: as long as it likes.
int milliseconds_for(const spec::Hook& hook);

}  // namespace kontain::krun::hooks

// krun-label-trigger: krun under this name takes the containers that ask for a virtual machine and hands all others to
// runc or crun, so that it can be an engine's only runtime.
#pragma once

#include "base/error.h"
#include "krun/cli/verbs.h"

namespace kontain::krun::cli {

// Is that what this program was called? `name` is argv[0].
bool is_label_trigger(const char* name);

// Executes the other runtime in place of this process where the invocation is about a container of its: with create and
// run one that asks for no virtual machine (container/trigger.h), with other verbs one that is not among ours. Returns
// when the invocation is ours; then `other` is set and `root` is a folder beside the one that was given, because the
// other runtime keeps its own state there.
Result<void> hand_over(Invocation& invocation, const CLI::App& verb, char** argv);

}  // namespace kontain::krun::cli

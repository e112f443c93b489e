// Copying what a tmpfs with tmpcopyup covers into it.
#pragma once

#include "base/error.h"

namespace kontain::krun::sandbox {

// Copies the contents of the folder `from` (O_PATH) into the folder `to`, with owners, modes and times; links stay
// links, and none is followed. Sockets are left out.
Result<void> copy_tree(int from, int to);

}  // namespace kontain::krun::sandbox

// Ending kontainers.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "cli/fleet/kontainer.h"

namespace kontain::cli {

// "TERM", "SIGTERM" or "15".
Result<int> parse_signal(const std::string& text);

// To the first process; krun does it for its containers. Fails when the process is not that kontainer's any more.
Result<void> send_signal(const Kontainer& kontainer, int signal);

// SIGTERM to the first process, and SIGKILL for what is left of the others when it has ended, or of all when `patience`
// is over.
Result<void> stop(const Kontainer& kontainer, std::chrono::seconds patience);

}  // namespace kontain::cli

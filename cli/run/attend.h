// The process beside a kontainer that `kontain run` started: it waits for its end and clears away.
#pragma once

#include "base/error.h"
#include "cli/run/keeper.h"

namespace kontain::cli {

// On this terminal: the exit status of the program, 128 and the signal that ended it.
Result<int> attend_here(Prepared prepared, const RunOptions& options);

// In the background, with the output in the log: returns when the program runs, or failed to start.
Result<int> attend_detached(Prepared prepared);

// Copies a log to standard output; `follow`: goes on until its kontainer has ended.
enum class Follow { No, Yes };
Result<int> show_log(const std::string& name, Follow follow);

}  // namespace kontain::cli

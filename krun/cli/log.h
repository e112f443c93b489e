// Messages for people on stderr and, where an engine asks for it, in its log file.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::krun::cli {

enum class LogFormat { Text, Json };

struct Log {
  std::string path;  // empty: stderr alone
  LogFormat format = LogFormat::Text;
};

// Failures go to stderr, and as a line of runc's shape ({"level", "msg", "time"}) to the log.
void report(const Log& log, const Error& error);

// --debug: `what` and its words as a line of level "debug" in the log, or on stderr where there is none.
void log_debug(const Log& log, const std::string& what, const std::vector<std::string>& words);

// Makes the file, which engines read even when nothing failed.
Result<void> open_log(const Log& log);

}  // namespace kontain::krun::cli

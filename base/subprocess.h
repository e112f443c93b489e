// Starting other programs and collecting what they print.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace kontain {

struct SubprocessResult {
  int exit_code = 0;  // 0..255, valid when `signal` is 0
  int signal = 0;     // the signal that ended it, or 0
  std::string out;    // all of stdout
  std::string err;    // all of stderr
};

// Runs `argv` (argv[0] is looked up in PATH) with stdin from /dev/null and waits for its end.
// Fails when the program cannot be started; a non-zero exit is a result, not a failure.
Result<SubprocessResult> run_subprocess(const std::vector<std::string>& argv);

}  // namespace kontain

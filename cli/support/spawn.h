// Starting a program that runs beside this one.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::cli {

// What the program gets. Nothing of it is owned; every other descriptor of ours is taken to be close-on-exec.
struct SpawnOptions {
  int input = 0;  // a descriptor of ours as its standard input
  int output = 1;
  int error = 2;
  std::vector<int> descriptors = {};          // that it has under the same numbers
  std::span<const int> default_signals = {};  // whose handlers it does not inherit, even as "ignored"
  bool own_group = false;                     // a process group of its own, which the terminal's signals do not reach
};

// Starts `argv`, whose first is a path. The caller waits for it.
Result<pid_t> spawn(const std::vector<std::string>& argv, const SpawnOptions& options);

// Its end as waitpid(2) says it, whatever signals arrive meanwhile.
int wait_for_end(pid_t pid);

}  // namespace kontain::cli

// What starting a program that carries a kontainer's packets takes, and gives.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace kontain::cli {

inline constexpr auto kHelperPatience = std::chrono::seconds(5);
inline constexpr auto kHelperLook = std::chrono::milliseconds(5);

struct HelperStart {
  std::string cat;   // path of cat(1), which holds the namespaces as long as its input is open
  int life = -1;     // that input
  int nothing = -1;  // /dev/null, for what nobody reads
};

struct HelperProcesses {
  std::vector<pid_t> helpers;  // children of ours, to be ended and waited for
  pid_t inside = -1;           // the process that is in the namespaces
};

// True when the process is in our own network namespace, or cannot be asked.
bool shares_network(pid_t pid);

std::string proc_file(pid_t pid, const char* name);

}  // namespace kontain::cli

// The host's processes, as far as every user may see them (proc_pid_stat(5)): km lets nobody see more.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kontain::cli {

struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';          // 'Z': a zombie
  uint64_t cpu_ticks = 0;    // of itself, and of the children that it has waited for
  uint64_t start_ticks = 0;  // since boot
  uint64_t resident_pages = 0;
  uid_t user = 0;
  std::string name;
};

// The text of /proc/PID/stat, whose name may hold anything; nothing when it is none. `user` stays 0.
std::optional<Process> parse_stat(std::string_view text);

// All that are there now.
std::vector<Process> read_processes();

// `root` and its descendants among `all`, `root` first; none when `root` is not there or is a zombie.
std::vector<Process> tree_of(pid_t root, const std::vector<Process>& all);

// Milliseconds since the epoch at which this host booted; 0: unknown.
int64_t boot_time_ms();

}  // namespace kontain::cli

#include "cli/run/helper.h"

#include <filesystem>

namespace kontain::cli {

std::string proc_file(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

bool shares_network(pid_t pid) {
  std::error_code error;
  const auto theirs = std::filesystem::read_symlink(proc_file(pid, "ns/net"), error);
  return error || theirs == std::filesystem::read_symlink("/proc/self/ns/net", error);
}

}  // namespace kontain::cli

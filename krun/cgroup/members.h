// Who is in a cgroup and in those below it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace kontain::krun::cgroup {

// Calls `visit` for a folder and those below it, the deepest first.
void for_each_folder(const std::string& folder, const std::function<void(const std::string&)>& visit);

// Each of them once. The kernel's own threads are nobody's processes: Linux before 6.14 puts one of KVM's
// (kvm-nx-lpage-recovery) into the cgroup of who makes a virtual machine.
struct Members {
  std::vector<pid_t> processes;
  std::vector<pid_t> kernel_threads;
};
Members members_of(const std::string& folder);

}  // namespace kontain::krun::cgroup

// Who the container's process is: user, groups, capabilities, privileges, and the limits on it. All of it for the
// calling process, which has one thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "krun/spec/model.h"

namespace kontain::krun::sandbox {

Result<void> set_rlimits(const std::vector<spec::Rlimit>& limits);
// Of another process, which may have given up the right to do it, as one in a user namespace has.
Result<void> set_oom_score(pid_t pid, int value);
Result<void> set_scheduler(const spec::Scheduler& scheduler);
Result<void> set_io_priority(const spec::IoPriority& priority);
// `list` is like "0-3,7".
Result<void> set_cpu_affinity(const std::string& list);
Result<std::vector<int>> parse_cpu_list(const std::string& list);

// The label that the next execve(2) gets.
Result<void> set_exec_labels(const std::string& apparmor_profile, const std::string& selinux_label);

// linux.mountLabel, or "" with a warning where there is no SELinux to understand it.
std::string usable_mount_label(const std::string& label);

// What this process may hand out at most: its bounding set.
uint64_t own_bounding_set();
// Warns about what is taken away.
spec::Capabilities intersect_capabilities(const spec::Capabilities& wanted, uint64_t bounding);

// Becomes `user` with exactly `capabilities`. Behind it nothing can be undone.
Result<void> become_user(const spec::User& user, const spec::Capabilities& capabilities, bool no_new_privileges);

}  // namespace kontain::krun::sandbox

#include "krun/sandbox/identity.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "krun/spec/parse.h"

namespace kontain::krun::sandbox {
namespace {

constexpr int kHighestCapability = 63;

Result<void> write_text(const std::string& path, const std::string& text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("write", path, errno);
  }
  return {};
}

// sched_setattr(2) has no wrapper.
struct SchedulerAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};
static_assert(sizeof(SchedulerAttributes) == 48);

Result<void> drop_bounding(uint64_t keep) {
  for (int number = 0; number <= kHighestCapability; ++number) {
    if (keep >> number & 1) continue;
    if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) < 0) break;  // beyond the kernel's last
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) {
      return fail_errno("drop from the bounding set", spec::capability_name(number), errno);
    }
  }
  return {};
}

Result<void> set_capabilities(const spec::Capabilities& capabilities) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data = {};
  for (unsigned half = 0; half < 2; ++half) {
    data[half].effective = static_cast<uint32_t>(capabilities.effective >> (32 * half));
    data[half].permitted = static_cast<uint32_t>(capabilities.permitted >> (32 * half));
    data[half].inheritable = static_cast<uint32_t>(capabilities.inheritable >> (32 * half));
  }
  if (syscall(SYS_capset, &header, data.data()) != 0) return fail_errno("set capabilities", "", errno);
  return {};
}

// Ambient ones must be permitted and inheritable; others are left out, as runc and crun do.
void set_ambient(uint64_t ambient) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int number = 0; number <= kHighestCapability; ++number) {
    if (ambient >> number & 1) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0);
  }
}

bool has_selinux() { return access("/sys/fs/selinux/enforce", F_OK) == 0; }

Result<void> set_groups(const std::vector<uint32_t>& groups) {
  if (syscall(SYS_setgroups, groups.size(), groups.data()) == 0) return {};
  // A user namespace made without privileges may not; then there are no further groups to be dropped either.
  if (errno == EPERM && groups.empty()) return {};
  return fail_errno("setgroups", "", errno);
}

}  // namespace

Result<void> set_rlimits(const std::vector<spec::Rlimit>& limits) {
  for (const spec::Rlimit& limit : limits) {
    const rlimit value = {limit.soft, limit.hard};
    if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &value) != 0) {
      return fail_errno("error setting rlimit", "type " + std::to_string(limit.resource), errno);
    }
  }
  return {};
}

Result<void> set_oom_score(pid_t pid, int value) {
  return write_text("/proc/" + std::to_string(pid) + "/oom_score_adj", std::to_string(value));
}

Result<void> set_scheduler(const spec::Scheduler& scheduler) {
  const SchedulerAttributes attributes = {
      sizeof attributes, scheduler.policy,   scheduler.flags, scheduler.nice, static_cast<uint32_t>(scheduler.priority),
      scheduler.runtime, scheduler.deadline, scheduler.period};
  if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) return fail_errno("process.scheduler", "", errno);
  return {};
}

Result<void> set_io_priority(const spec::IoPriority& priority) {
  constexpr int kWhoProcess = 1;
  if (syscall(SYS_ioprio_set, kWhoProcess, 0, priority.io_class << 13 | priority.priority) != 0) {
    return fail_errno("process.ioPriority", "", errno);
  }
  return {};
}

Result<std::vector<int>> parse_cpu_list(const std::string& list) {
  const auto bad = [&] { return fail("CPU list", list, "is no list of numbers and ranges"); };
  const auto number = [](std::string_view text, int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value >= 0 && value < CPU_SETSIZE;
  };
  std::vector<int> cpus;
  for (const std::string& part : split(list, ',')) {
    const size_t dash = part.find('-');
    int first = 0;
    int last = 0;
    if (!number(part.substr(0, dash), first)) return bad();
    last = first;
    if (dash != std::string::npos && !number(part.substr(dash + 1), last)) return bad();
    if (last < first) return bad();
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  if (cpus.empty()) return bad();
  return cpus;
}

Result<void> set_cpu_affinity(const std::string& list) {
  TRY_ASSIGN(const std::vector<int> cpus, parse_cpu_list(list));
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) return fail_errno("execCPUAffinity", list, errno);
  return {};
}

Result<void> set_exec_labels(const std::string& apparmor_profile, const std::string& selinux_label) {
  struct stat info;
  if (!apparmor_profile.empty()) {
    if (stat("/sys/kernel/security/apparmor", &info) != 0 && stat("/proc/self/attr/apparmor", &info) != 0) {
      return fail("process.apparmorProfile", apparmor_profile, "AppArmor is not enabled on this host");
    }
    const std::string text = "exec " + apparmor_profile;
    if (!write_text("/proc/self/attr/apparmor/exec", text)) TRY(write_text("/proc/self/attr/exec", text));
  }
  if (!selinux_label.empty()) {
    if (!has_selinux()) {
      return fail("process.selinuxLabel", selinux_label, "SELinux is not enabled on this host");
    }
    TRY(write_text("/proc/self/attr/exec", selinux_label));
  }
  return {};
}

std::string usable_mount_label(const std::string& label) {
  if (label.empty() || has_selinux()) return label;
  print_warning("linux.mountLabel: " + label + ": of no effect, SELinux is not enabled on this host");
  return {};
}

uint64_t own_bounding_set() {
  uint64_t set = 0;
  for (int number = 0; number <= kHighestCapability; ++number) {
    const int present = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (present < 0) break;
    if (present == 1) set |= uint64_t{1} << number;
  }
  return set;
}

spec::Capabilities intersect_capabilities(const spec::Capabilities& wanted, uint64_t bounding) {
  const uint64_t all = wanted.bounding | wanted.effective | wanted.inheritable | wanted.permitted | wanted.ambient;
  std::string missing;
  for (int number = 0; number <= kHighestCapability; ++number) {
    if ((all & ~bounding) >> number & 1) missing += (missing.empty() ? "" : ", ") + spec::capability_name(number);
  }
  if (!missing.empty()) print_warning("capabilities that cannot be given are left out: " + missing);
  return {wanted.bounding & bounding, wanted.effective & bounding, wanted.inheritable & bounding,
          wanted.permitted & bounding, wanted.ambient & bounding};
}

Result<void> become_user(const spec::User& user, const spec::Capabilities& capabilities, bool no_new_privileges) {
  if (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail_errno("process.noNewPrivileges", "", errno);
  }
  TRY(drop_bounding(capabilities.bounding));
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno("keep capabilities", "", errno);
  TRY(set_groups(user.additional_gids));
  if (syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) {
    return fail_errno("setresgid", std::to_string(user.gid), errno);
  }
  if (syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) {
    return fail_errno("setresuid", std::to_string(user.uid), errno);
  }
  umask(static_cast<mode_t>(user.umask.value_or(0022)) & 0777);
  TRY(set_capabilities(capabilities));
  set_ambient(capabilities.ambient);
  return {};
}

}  // namespace kontain::krun::sandbox

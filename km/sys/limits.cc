#include "km/sys/limits.h"

#include <linux/capability.h>

#include <algorithm>
#include <array>

#include "km/signal/host_signals.h"
#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

// Limits on memory are the payload's address space's business, and cores are written by the monitor: on the host they
// would starve the monitor, or dump it.
bool is_kept_from_host(unsigned resource) {
  return resource == RLIMIT_STACK || resource == RLIMIT_AS || resource == RLIMIT_DATA || resource == RLIMIT_CORE;
}

bool may_raise_hard_limits() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (host(SYS_capget, &header, data.data()).is_error()) return false;
  return data[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective & CAP_TO_MASK(CAP_SYS_RESOURCE);
}

SysResult host_limit(unsigned resource, const rlimit* set, rlimit* old) {
  return host(SYS_prlimit64, 0, resource, set, old);
}

// The host enforces the soft limit; the hard one is kept, because the monitor needs numbers beyond it.
SysResult set_descriptor_limit(Task& task, const rlimit& limit) {
  rlimit applied{};
  const SysResult read = host_limit(RLIMIT_NOFILE, nullptr, &applied);
  if (read.is_error()) return read;
  applied = {limit.rlim_cur, std::max(limit.rlim_max, applied.rlim_max)};
  const auto set = task.process().fds().set_limit(applied);
  return set ? SysResult::ok() : Errno{set.error().errno_value};
}

// The same for the size of files: an exec hands the payload's state on in a memory file.
SysResult set_file_size_limit(const rlimit& limit) {
  rlimit applied{};
  const SysResult read = host_limit(RLIMIT_FSIZE, nullptr, &applied);
  if (read.is_error()) return read;
  applied = {limit.rlim_cur, std::max(limit.rlim_max, applied.rlim_max)};
  return host_limit(RLIMIT_FSIZE, &applied, nullptr);
}

SysResult set_limit(Task& task, unsigned resource, const rlimit& limit) {
  const bool hard_is_kept = resource == RLIMIT_NOFILE || resource == RLIMIT_FSIZE;
  if (!is_kept_from_host(resource) && !hard_is_kept) return host_limit(resource, &limit, nullptr);
  GUEST_TRY_ASSIGN(const rlimit old, payload_limit(task, resource));
  if (limit.rlim_cur > limit.rlim_max) return Errno{EINVAL};
  if (limit.rlim_max > old.rlim_max && !may_raise_hard_limits()) return Errno{EPERM};
  if (hard_is_kept) {
    const SysResult applied =
        resource == RLIMIT_NOFILE ? set_descriptor_limit(task, limit) : set_file_size_limit(limit);
    if (applied.is_error()) return applied;
  }
  task.process().limits.set(resource, limit);
  apply_memory_limits(task);
  if (resource == RLIMIT_CORE) signal::refresh_core_signals(task.process());
  return SysResult::ok();
}

// The process may be named by any of its threads.
bool is_self(Task& task, int pid) {
  if (pid == 0 || pid == task.tid()) return true;
  const auto own = static_cast<int>(host(SYS_getpid).raw());
  return pid == own || !host(SYS_tgkill, own, pid, 0).is_error();
}

// Another process. What is kept from the host for it lies in its own monitor, and the host's limit is that monitor's.
SysResult limit_other(int pid, unsigned resource, std::optional<rlimit> limit, GuestPtr<rlimit> old) {
  if (limit && (is_kept_from_host(resource) || resource == RLIMIT_NOFILE)) return Errno{EPERM};
  rlimit previous{};
  const SysResult result = host(SYS_prlimit64, pid, resource, pointer_or_null(limit), &previous);
  return finish_optional(result, old, previous);
}

}  // namespace

GuestResult<rlimit> payload_limit(Task& task, unsigned resource) {
  if (resource >= RLIM_NLIMITS) return tl::make_unexpected(Errno{EINVAL});
  if (const auto kept = task.process().limits.get(resource)) return *kept;
  if (resource == RLIMIT_NOFILE) return task.process().fds().limit();
  rlimit limit{};
  const SysResult read = host_limit(resource, nullptr, &limit);
  if (read.is_error()) return tl::make_unexpected(Errno{read.error()});
  return limit;
}

void apply_memory_limits(Task& task) {
  if (task.process().shares_memory) return;  // it is the parent's; a program that is executed gets the limits
  const auto soft = [&task](unsigned resource) {
    const auto limit = payload_limit(task, resource);
    return limit ? limit->rlim_cur : RLIM_INFINITY;
  };
  task.memory().set_stack_limit(soft(RLIMIT_STACK));
  task.memory().set_size_limits(soft(RLIMIT_AS), soft(RLIMIT_DATA));
}

SysResult sys_getrlimit(Task& task, unsigned resource, GuestPtr<rlimit> out) {
  GUEST_TRY_ASSIGN(const rlimit limit, payload_limit(task, resource));
  return finish(SysResult::ok(), out, limit);
}

SysResult sys_setrlimit(Task& task, unsigned resource, GuestPtr<const rlimit> limit) {
  GUEST_TRY_ASSIGN(const rlimit copy, mem::load(limit));
  if (resource >= RLIM_NLIMITS) return Errno{EINVAL};
  return set_limit(task, resource, copy);
}

SysResult sys_prlimit64(Task& task, int pid, unsigned resource, GuestPtr<const rlimit> limit, GuestPtr<rlimit> old) {
  GUEST_TRY_ASSIGN(std::optional<rlimit> copy, load_optional(limit));
  if (pid < 0) return Errno{ESRCH};
  if (!is_self(task, pid)) return limit_other(pid, resource, copy, old);
  GUEST_TRY_ASSIGN(const rlimit previous, payload_limit(task, resource));
  const SysResult result = copy ? set_limit(task, resource, *copy) : SysResult::ok();
  return finish_optional(result, old, previous);
}

SysResult sys_getrusage(Task&, int who, GuestPtr<rusage> out) {
  rusage usage{};
  return finish(host(SYS_getrusage, who, &usage), out, usage);
}

}  // namespace kontain::sys

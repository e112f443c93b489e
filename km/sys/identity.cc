#include "km/sys/identity.h"

#include <linux/capability.h>

#include <array>

#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

using CapSets = std::array<CapData, _LINUX_CAPABILITY_U32S_3>;

// How many CapData belong to a header of `version`; 0 when the kernel does not know it.
size_t set_count(uint32_t version) {
  switch (version) {
    case _LINUX_CAPABILITY_VERSION_1: return _LINUX_CAPABILITY_U32S_1;
    case _LINUX_CAPABILITY_VERSION_2: return _LINUX_CAPABILITY_U32S_2;
    case _LINUX_CAPABILITY_VERSION_3: return _LINUX_CAPABILITY_U32S_3;
    default: return 0;
  }
}

SysResult three_ids(long number, GuestPtr<uint32_t> real, GuestPtr<uint32_t> effective, GuestPtr<uint32_t> saved) {
  std::array<uint32_t, 3> ids{};
  SysResult result = host(number, &ids[0], &ids[1], &ids[2]);
  result = finish(result, real, ids[0]);
  result = finish(result, effective, ids[1]);
  return finish(result, saved, ids[2]);
}

// A negative count is the host's EINVAL.
uint64_t list_size(int count) { return count > 0 ? static_cast<uint64_t>(count) * sizeof(uint32_t) : 0; }

}  // namespace

SysResult sys_getpid(Task&) { return host(SYS_getpid); }
SysResult sys_getppid(Task&) { return host(SYS_getppid); }
SysResult sys_gettid(Task& task) { return SysResult::value(task.tid()); }
SysResult sys_getpgid(Task&, int pid) { return host(SYS_getpgid, pid); }
SysResult sys_setpgid(Task&, int pid, int group) { return host(SYS_setpgid, pid, group); }
SysResult sys_getpgrp(Task&) { return host(SYS_getpgrp); }
SysResult sys_getsid(Task&, int pid) { return host(SYS_getsid, pid); }
SysResult sys_setsid(Task&) { return host(SYS_setsid); }

SysResult sys_getuid(Task&) { return host(SYS_getuid); }
SysResult sys_geteuid(Task&) { return host(SYS_geteuid); }
SysResult sys_getgid(Task&) { return host(SYS_getgid); }
SysResult sys_getegid(Task&) { return host(SYS_getegid); }
SysResult sys_setuid(Task&, uint32_t user) { return host(SYS_setuid, user); }
SysResult sys_setgid(Task&, uint32_t group) { return host(SYS_setgid, group); }

SysResult sys_setreuid(Task&, uint32_t real, uint32_t effective) { return host(SYS_setreuid, real, effective); }
SysResult sys_setregid(Task&, uint32_t real, uint32_t effective) { return host(SYS_setregid, real, effective); }

SysResult sys_setresuid(Task&, uint32_t real, uint32_t effective, uint32_t saved) {
  return host(SYS_setresuid, real, effective, saved);
}

SysResult sys_setresgid(Task&, uint32_t real, uint32_t effective, uint32_t saved) {
  return host(SYS_setresgid, real, effective, saved);
}

SysResult sys_getresuid(Task&, GuestPtr<uint32_t> real, GuestPtr<uint32_t> effective, GuestPtr<uint32_t> saved) {
  return three_ids(SYS_getresuid, real, effective, saved);
}

SysResult sys_getresgid(Task&, GuestPtr<uint32_t> real, GuestPtr<uint32_t> effective, GuestPtr<uint32_t> saved) {
  return three_ids(SYS_getresgid, real, effective, saved);
}

SysResult sys_setfsuid(Task&, uint32_t user) { return host(SYS_setfsuid, user); }
SysResult sys_setfsgid(Task&, uint32_t group) { return host(SYS_setfsgid, group); }

SysResult sys_getgroups(Task&, int count, GuestPtr<uint32_t> groups) {
  return host(SYS_getgroups, count, host_buffer(groups, list_size(count)));
}

SysResult sys_setgroups(Task&, int count, GuestPtr<const uint32_t> groups) {
  return host(SYS_setgroups, count, host_buffer(groups, list_size(count)));
}

SysResult sys_capget(Task&, GuestPtr<CapHeader> header, GuestPtr<CapData> data) {
  GUEST_TRY_ASSIGN(CapHeader copy, mem::load(header));
  const size_t count = set_count(copy.version);
  CapSets sets{};
  const SysResult result = host(SYS_capget, &copy, data.is_null() ? nullptr : sets.data());
  // An unknown version is answered with the one the kernel prefers.
  if (count == 0) return mem::store(header, copy) ? result : Errno{EFAULT};
  if (result.is_error() || data.is_null()) return result;
  return mem::copy_out(data.address(), sets.data(), count * sizeof(CapData)) ? result : Errno{EFAULT};
}

SysResult sys_capset(Task&, GuestPtr<CapHeader> header, GuestPtr<const CapData> data) {
  GUEST_TRY_ASSIGN(CapHeader copy, mem::load(header));
  const size_t count = set_count(copy.version);
  CapSets sets{};
  if (!mem::copy_in(sets.data(), data.address(), count * sizeof(CapData))) return Errno{EFAULT};
  const SysResult result = host(SYS_capset, &copy, sets.data());
  if (count == 0 && !mem::store(header, copy)) return Errno{EFAULT};
  return result;
}

}  // namespace kontain::sys

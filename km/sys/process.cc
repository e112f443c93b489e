#include "km/sys/process.h"

#include <sys/prctl.h>

#include <algorithm>
#include <array>

#include "km/sys/forward.h"
#include "km/sys/seccomp.h"

namespace kontain::sys {
namespace {

constexpr size_t kNameSize = 16;  // TASK_COMM_LEN
constexpr uint64_t kUserTop = 0x7fff'ffff'f000;

// asm/prctl.h
constexpr int kArchSetGs = 0x1001;
constexpr int kArchSetFs = 0x1002;
constexpr int kArchGetFs = 0x1003;
constexpr int kArchGetGs = 0x1004;

enum class PrctlAction {
  Forward,     // four integers
  ForwardOut,  // int * in the second argument
  SetName,
  GetName,
  SetDumpable,
  GetDumpable,
  SetSeccomp,
  GetSeccomp,
};

struct PrctlRow {
  int operation;
  PrctlAction action;
};

// prctl(2).
constexpr PrctlRow kPrctlRows[] = {
    {PR_SET_NAME, PrctlAction::SetName},
    {PR_GET_NAME, PrctlAction::GetName},
    {PR_SET_DUMPABLE, PrctlAction::SetDumpable},
    {PR_GET_DUMPABLE, PrctlAction::GetDumpable},
    {PR_SET_SECCOMP, PrctlAction::SetSeccomp},
    {PR_GET_SECCOMP, PrctlAction::GetSeccomp},
    {PR_SET_PDEATHSIG, PrctlAction::Forward},
    {PR_GET_PDEATHSIG, PrctlAction::ForwardOut},
    {PR_SET_KEEPCAPS, PrctlAction::Forward},
    {PR_GET_KEEPCAPS, PrctlAction::Forward},
    {PR_CAPBSET_READ, PrctlAction::Forward},
    {PR_CAPBSET_DROP, PrctlAction::Forward},
    {PR_GET_SECUREBITS, PrctlAction::Forward},
    {PR_SET_SECUREBITS, PrctlAction::Forward},
    {PR_CAP_AMBIENT, PrctlAction::Forward},
    {PR_SET_NO_NEW_PRIVS, PrctlAction::Forward},
    {PR_GET_NO_NEW_PRIVS, PrctlAction::Forward},
    {PR_SET_TIMERSLACK, PrctlAction::Forward},
    {PR_GET_TIMERSLACK, PrctlAction::Forward},
    {PR_SET_CHILD_SUBREAPER, PrctlAction::Forward},
    {PR_GET_CHILD_SUBREAPER, PrctlAction::ForwardOut},
};

// The name is cut where it is too long, and only read up to its NUL.
SysResult set_name(GuestPtr<const char> name) {
  std::array<char, kNameSize> text{};
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (!mem::copy_in(&text[i], name.element(i).address(), 1)) return Errno{EFAULT};
    if (text[i] == '\0') break;
  }
  return host(SYS_prctl, PR_SET_NAME, text.data(), 0, 0, 0);
}

SysResult get_name(GuestPtr<char> name) {
  std::array<char, kNameSize> text{};
  return finish(host(SYS_prctl, PR_GET_NAME, text.data(), 0, 0, 0), name.as<std::array<char, kNameSize>>(), text);
}

SysResult set_dumpable(Task& task, uint64_t value) {
  if (value > 1) return Errno{EINVAL};
  task.process().dumpable = static_cast<int>(value);
  return SysResult::ok();
}

}  // namespace

SysResult sys_prctl(Task& task, int operation, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  const auto* row = std::ranges::find(kPrctlRows, operation, &PrctlRow::operation);
  if (row == std::end(kPrctlRows)) return Errno{EINVAL};
  switch (row->action) {
    case PrctlAction::Forward: return host(SYS_prctl, operation, a, b, c, d);
    case PrctlAction::ForwardOut: {
      int value = 0;
      return finish(host(SYS_prctl, operation, &value, b, c, d), GuestPtr<int>(a), value);
    }
    case PrctlAction::SetName: return set_name(GuestPtr<const char>(a));
    case PrctlAction::GetName: return get_name(GuestPtr<char>(a));
    case PrctlAction::SetDumpable: return set_dumpable(task, a);
    case PrctlAction::GetDumpable: return SysResult::value(task.process().dumpable);
    case PrctlAction::SetSeccomp: return set_seccomp_mode(task, a, b);
    case PrctlAction::GetSeccomp: return get_seccomp_mode(task);
  }
  return Errno{EINVAL};
}

SysResult sys_arch_prctl(Task& task, int code, uint64_t address) {
  switch (code) {
    case kArchSetFs:
    case kArchSetGs:
      if (address >= kUserTop) return Errno{EPERM};
      if (code == kArchSetFs) {
        task.cpu().set_fs_base(address);
      } else {
        task.cpu().set_gs_base(address);
      }
      return SysResult::ok();
    case kArchGetFs: return finish(SysResult::ok(), GuestPtr<uint64_t>(address), task.cpu().fs_base());
    case kArchGetGs: return finish(SysResult::ok(), GuestPtr<uint64_t>(address), task.cpu().gs_base());
    default: return Errno{EINVAL};
  }
}

SysResult sys_getpriority(Task&, int which, int who) { return host(SYS_getpriority, which, who); }
SysResult sys_setpriority(Task&, int which, int who, int nice) { return host(SYS_setpriority, which, who, nice); }
SysResult sys_sched_yield(Task&) { return host(SYS_sched_yield); }

SysResult sys_sched_getparam(Task&, int pid, GuestPtr<sched_param> out) {
  sched_param param{};
  return finish(host(SYS_sched_getparam, pid, &param), out, param);
}

SysResult sys_sched_setparam(Task&, int pid, GuestPtr<const sched_param> param) {
  GUEST_TRY_ASSIGN(const sched_param copy, mem::load(param));
  return host(SYS_sched_setparam, pid, &copy);
}

SysResult sys_sched_getscheduler(Task&, int pid) { return host(SYS_sched_getscheduler, pid); }

SysResult sys_sched_setscheduler(Task&, int pid, int policy, GuestPtr<const sched_param> param) {
  GUEST_TRY_ASSIGN(const sched_param copy, mem::load(param));
  return host(SYS_sched_setscheduler, pid, policy, &copy);
}

SysResult sys_sched_get_priority_max(Task&, int policy) { return host(SYS_sched_get_priority_max, policy); }
SysResult sys_sched_get_priority_min(Task&, int policy) { return host(SYS_sched_get_priority_min, policy); }

SysResult sys_sched_rr_get_interval(Task&, int pid, GuestPtr<timespec> out) {
  timespec interval{};
  return finish(host(SYS_sched_rr_get_interval, pid, &interval), out, interval);
}

SysResult sys_sched_getaffinity(Task&, int pid, unsigned size, GuestPtr<char> mask) {
  return host(SYS_sched_getaffinity, pid, size, host_buffer(mask, size));
}

SysResult sys_sched_setaffinity(Task&, int pid, unsigned size, GuestPtr<const char> mask) {
  return host(SYS_sched_setaffinity, pid, size, host_buffer(mask, size));
}

}  // namespace kontain::sys

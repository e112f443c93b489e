#include "km/sys/seccomp.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>

#include "km/seccomp/filter.h"
#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

constexpr int kSysSeccomp = 1;  // SYS_SECCOMP, a si_code of SIGSYS
constexpr uint32_t kHighestErrno = 4095;

// struct sock_fprog.
struct GuestProgram {
  uint16_t length;
  uint16_t padding[3];
  uint64_t filter;
};
static_assert(sizeof(GuestProgram) == 16);

constexpr uint32_t kKnownActions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                                      SECCOMP_RET_ERRNO,        SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,
                                      SECCOMP_RET_ALLOW};

void force_signal(Task& task, uint32_t number, uint32_t answer, bool fatal) {
  task.forced_signal =
      task::ForcedSignal{SIGSYS, kSysSeccomp, task.cpu().regs().rip, task.cpu().regs().rip, "a seccomp filter"};
  task.forced_signal->is_fatal = fatal;
  task.forced_signal->system_call = static_cast<int>(number);
  task.forced_signal->error = static_cast<int>(answer & SECCOMP_RET_DATA);
}

void kill_thread(Task& task, uint32_t number, uint32_t answer) {
  if (!task.process().has_other_threads()) return force_signal(task, number, answer, true);
  task.end = Task::End::Thread;
  task.exit_status = SIGSYS;
}

bool may_install() {
  if (host(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0).raw() == 1) return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (host(SYS_capget, &header, data.data()).is_error()) return false;
  return data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN);
}

GuestResult<seccomp::Filter> read_filter(uint64_t address) {
  const auto loaded = mem::load(GuestPtr<const GuestProgram>(address));
  if (!loaded) return tl::make_unexpected(loaded.error());
  const GuestProgram program = *loaded;
  if (program.length == 0 || program.length > BPF_MAXINSNS) return tl::make_unexpected(Errno{EINVAL});
  std::vector<sock_filter> code(program.length);
  if (!mem::copy_in(code.data(), program.filter, code.size() * sizeof(sock_filter))) {
    return tl::make_unexpected(Errno{EFAULT});
  }
  auto filter = seccomp::Filter::create(code);
  if (!filter) return tl::make_unexpected(Errno{EINVAL});
  return *filter;
}

// SECCOMP_FILTER_FLAG_TSYNC: all threads have this thread's filters then. The tid of one that has others of its own.
SysResult synchronise(Task& task, const seccomp::Chain* before, const seccomp::Chain* chain, bool as_errno) {
  pid_t different = 0;
  task.process().for_each_thread([&](Task& other) {
    if (!seccomp::descends_from(before, other.seccomp_filters)) different = other.tid();
  });
  if (different != 0) return as_errno ? SysResult(Errno{ESRCH}) : SysResult::value(different);
  task.process().for_each_thread([&](Task& other) { other.seccomp_filters = chain; });
  return SysResult::ok();
}

SysResult install(Task& task, seccomp::Filter filter, unsigned flags) {
  const seccomp::Chain* before = task.seccomp_filters;
  const seccomp::Chain* chain = seccomp::extend(before, std::move(filter));
  if (!chain) return Errno{ENOMEM};
  if (flags & SECCOMP_FILTER_FLAG_TSYNC) {
    const SysResult result = synchronise(task, before, chain, (flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH) != 0);
    if (result.raw() != 0) return result;
  }
  task.seccomp_filters = chain;
  return SysResult::ok();
}

SysResult set_filter(Task& task, unsigned flags, uint64_t argument) {
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
                              SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  if (flags & ~kFlags) return Errno{EINVAL};
  auto filter = read_filter(argument);
  if (!filter) return filter.error();
  if (!may_install()) return Errno{EACCES};
  return install(task, std::move(*filter), flags);
}

}  // namespace

std::optional<SysResult> filter_call(Task& task, uint32_t number, const RawArgs& args) {
  const seccomp::Chain* chain = task.seccomp_filters;
  if (!chain) return std::nullopt;
  seccomp_data call = {};
  call.nr = static_cast<int>(number);
  call.arch = AUDIT_ARCH_X86_64;
  call.instruction_pointer = task.cpu().regs().rip;
  std::ranges::copy(args, call.args);
  const uint32_t answer = seccomp::judge(*chain, call);
  const uint32_t data = answer & SECCOMP_RET_DATA;
  switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG: return std::nullopt;
    case SECCOMP_RET_ERRNO: return SysResult(Errno{static_cast<int>(std::min(data, kHighestErrno))});
    case SECCOMP_RET_TRAP: force_signal(task, number, answer, false); return SysResult::value(number);
    // There is never a tracer, nor a listener.
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_USER_NOTIF: return SysResult(Errno{ENOSYS});
    case SECCOMP_RET_KILL_THREAD: kill_thread(task, number, answer); return SysResult::value(number);
    default: force_signal(task, number, answer, true); return SysResult::value(number);
  }
}

SysResult sys_seccomp(Task& task, unsigned operation, unsigned flags, uint64_t argument) {
  switch (operation) {
    case SECCOMP_SET_MODE_STRICT:
      if (flags != 0 || argument != 0) return Errno{EINVAL};
      return task.seccomp_filters ? SysResult(Errno{EINVAL}) : install(task, seccomp::strict_filter(), 0);
    case SECCOMP_SET_MODE_FILTER: return set_filter(task, flags, argument);
    case SECCOMP_GET_ACTION_AVAIL: {
      if (flags != 0) return Errno{EINVAL};
      GUEST_TRY_ASSIGN(const uint32_t action, mem::load(GuestPtr<const uint32_t>(argument)));
      const bool known = std::ranges::find(kKnownActions, action) != std::end(kKnownActions);
      return known ? SysResult::ok() : SysResult(Errno{EOPNOTSUPP});
    }
    default: return Errno{EINVAL};
  }
}

SysResult set_seccomp_mode(Task& task, uint64_t mode, uint64_t argument) {
  switch (mode) {
    case SECCOMP_MODE_STRICT: return sys_seccomp(task, SECCOMP_SET_MODE_STRICT, 0, 0);
    case SECCOMP_MODE_FILTER: return sys_seccomp(task, SECCOMP_SET_MODE_FILTER, 0, argument);
    default: return Errno{EINVAL};
  }
}

SysResult get_seccomp_mode(Task& task) {
  return SysResult::value(task.seccomp_filters ? SECCOMP_MODE_FILTER : SECCOMP_MODE_DISABLED);
}

}  // namespace kontain::sys

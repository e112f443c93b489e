#include "km/sys/waiting.h"

#include <sys/wait.h>

#include <cstddef>

#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

// Of a siginfo the kernel's waitid fills these six fields and leaves the rest as it was, padding included.
bool store_child(GuestPtr<siginfo_t> out, const siginfo_t& info) {
  constexpr size_t kHead = offsetof(siginfo_t, si_code) + sizeof info.si_code;
  constexpr size_t kChild = offsetof(siginfo_t, si_pid);
  constexpr size_t kChildEnd = offsetof(siginfo_t, si_status) + sizeof info.si_status;
  const char* bytes = reinterpret_cast<const char*>(&info);
  return mem::copy_out(out.address(), bytes, kHead) &&
         mem::copy_out(out.address() + kChild, bytes + kChild, kChildEnd - kChild);
}

}  // namespace

SysResult sys_wait4(Task&, int pid, GuestPtr<int> status, int options, GuestPtr<rusage> usage) {
  int end = 0;
  rusage used{};
  const SysResult result = host(SYS_wait4, pid, &end, options, &used);
  if (result.raw() <= 0) return result;
  return finish_optional(finish_optional(result, status, end), usage, used);
}

SysResult sys_waitid(Task& task, int kind, int id, GuestPtr<siginfo_t> info, int options, GuestPtr<rusage> usage) {
  if (kind == P_PIDFD) id = payload_number(task, id);
  siginfo_t child{};
  rusage used{};
  const SysResult result = host(SYS_waitid, kind, id, &child, options, &used);
  if (child.si_signo != 0 && !usage.is_null() && !mem::store(usage, used)) return Errno{EFAULT};
  // Without a child, or after an error, the fields are zero.
  if (!info.is_null() && !store_child(info, child)) return Errno{EFAULT};
  return result;
}

}  // namespace kontain::sys

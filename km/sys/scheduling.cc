#include "km/sys/scheduling.h"

#include <array>
#include <cstring>

#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

constexpr uint32_t kFirstSize = 48;      // SCHED_ATTR_SIZE_VER0
constexpr uint32_t kLargestSize = 4096;  // sched_setattr(2): a page

}  // namespace

SysResult sys_ioprio_get(Task&, int which, int who) { return host(SYS_ioprio_get, which, who); }

SysResult sys_ioprio_set(Task&, int which, int who, int priority) { return host(SYS_ioprio_set, which, who, priority); }

SysResult sys_sched_setattr(Task&, int pid, GuestPtr<uint32_t> attr, unsigned flags) {
  if (attr.is_null() || pid < 0 || flags != 0) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(uint32_t size, mem::load(attr));
  if (size == 0) size = kFirstSize;
  std::array<char, kLargestSize> copy{};
  // A size that the kernel does not take is answered with the one it prefers.
  const uint32_t readable = size < kFirstSize || size > kLargestSize ? sizeof size : size;
  if (!mem::copy_in(copy.data(), attr.address(), readable)) return Errno{EFAULT};
  std::memcpy(copy.data(), &size, sizeof size);
  const SysResult result = host(SYS_sched_setattr, pid, copy.data(), flags);
  if (result.error() != E2BIG) return result;
  std::memcpy(&size, copy.data(), sizeof size);
  return mem::store(attr, size) ? result : Errno{EFAULT};
}

SysResult sys_sched_getattr(Task&, int pid, GuestPtr<char> attr, unsigned size, unsigned flags) {
  return host(SYS_sched_getattr, pid, optional_buffer(attr, size), size, flags);
}

}  // namespace kontain::sys

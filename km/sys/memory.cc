#include "km/sys/memory.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "base/checked.h"
#include "base/host_call.h"

namespace kontain::sys {
namespace {

SysResult from(const GuestResult<void>& result) { return result ? SysResult::ok() : SysResult(result.error()); }
SysResult from(const GuestResult<uint64_t>& result) {
  return result ? SysResult::value(static_cast<int64_t>(*result)) : SysResult(result.error());
}

// For calls that name addresses without reading them: the whole range must be the payload's and mapped, else `missing`.
SysResult forward_range(Task& task, long number, uint64_t address, uint64_t length, int flags, int missing) {
  const uint64_t offset = address & (kPageSize - 1);
  if (length == 0 && is_page_aligned(address)) return SysResult::ok();
  const auto end = checked_add(length, offset);
  if (!end || page_up(*end) == 0) return Errno{EINVAL};
  if (!task.memory().is_mapped(page_down(address), page_up(*end))) return Errno{missing};
  return SysResult::from_host(host_call(number, address, length, static_cast<uint64_t>(flags)));
}

}  // namespace

SysResult sys_mmap(Task& task, uint64_t address, uint64_t length, int protection, int flags, int fd, uint64_t offset) {
  if (!(flags & MAP_ANONYMOUS) && task.process().fds().is_monitor_fd(fd)) return Errno{EBADF};
  return from(task.memory().map({address, length, protection, flags, (flags & MAP_ANONYMOUS) ? -1 : fd, offset}));
}

SysResult sys_munmap(Task& task, uint64_t address, uint64_t length) {
  return from(task.memory().unmap(address, length));
}

SysResult sys_mprotect(Task& task, uint64_t address, uint64_t length, int protection) {
  return from(task.memory().protect(address, length, protection));
}

SysResult sys_mremap(Task& task, uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                     uint64_t new_address) {
  return from(task.memory().remap(old_address, old_length, new_length, flags, new_address));
}

SysResult sys_brk(Task& task, uint64_t address) {
  return SysResult::value(static_cast<int64_t>(task.memory().set_break(address)));
}

SysResult sys_madvise(Task& task, uint64_t address, uint64_t length, int advice) {
  return from(task.memory().advise(address, length, advice));
}

SysResult sys_msync(Task& task, uint64_t address, uint64_t length, int flags) {
  if (!is_page_aligned(address)) return Errno{EINVAL};
  return forward_range(task, SYS_msync, address, length, flags, ENOMEM);
}

SysResult sys_mincore(Task& task, uint64_t address, uint64_t length, GuestPtr<unsigned char> residency) {
  if (!is_page_aligned(address)) return Errno{EINVAL};
  const uint64_t pages = page_up(length) / kPageSize;
  if (!mem::in_guest(residency.address(), pages)) return Errno{EFAULT};
  if (length == 0) return SysResult::ok();
  if (page_up(length) == 0 || !task.memory().is_mapped(address, page_up(length))) return Errno{ENOMEM};
  return SysResult::from_host(host_call(SYS_mincore, address, length, residency.address()));
}

SysResult sys_mlock(Task& task, uint64_t address, uint64_t length) {
  return forward_range(task, SYS_mlock, address, length, 0, ENOMEM);
}

SysResult sys_mlock2(Task& task, uint64_t address, uint64_t length, int flags) {
  if (flags & ~MLOCK_ONFAULT) return Errno{EINVAL};
  return forward_range(task, SYS_mlock2, address, length, flags, ENOMEM);
}

SysResult sys_munlock(Task& task, uint64_t address, uint64_t length) {
  return forward_range(task, SYS_munlock, address, length, 0, ENOMEM);
}

}  // namespace kontain::sys

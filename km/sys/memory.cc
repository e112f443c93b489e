#include "km/sys/memory.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/checked.h"
#include "base/host_call.h"
#include "km/sys/new_fds.h"

namespace kontain::sys {
namespace {

constexpr long kMsealNumber = 462;  // SYS_mseal, younger than our headers

SysResult from(const GuestResult<void>& result) { return result ? SysResult::ok() : SysResult(result.error()); }
SysResult from(const GuestResult<uint64_t>& result) {
  return result ? SysResult::value(static_cast<int64_t>(*result)) : SysResult(result.error());
}

}  // namespace

SysResult sys_mmap(Task& task, uint64_t address, uint64_t length, int protection, int flags, int fd, uint64_t offset) {
  if (flags & MAP_ANONYMOUS) return from(task.memory().map({address, length, protection, flags, -1, offset}));
  GUEST_TRY_ASSIGN(const PinnedFd file, PinnedFd::pin(task, fd));
  return from(task.memory().map({address, length, protection, flags, file.get(), offset}));
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
  // With an empty range the host judges the flags.
  if (const long judged = host_call(SYS_msync, 0, 0, static_cast<uint64_t>(flags)); judged < 0) {
    return SysResult::from_host(judged);
  }
  const uint64_t size = page_up(length);
  if (!is_page_aligned(address)) return Errno{EINVAL};
  if ((size == 0 && length != 0) || address + size < address) return Errno{ENOMEM};
  return from(task.memory().for_each_run(address, size, [&](uint64_t start, uint64_t run) {
    return host_call(SYS_msync, start, run, static_cast<uint64_t>(flags));
  }));
}

SysResult sys_mincore(Task& task, uint64_t address, uint64_t length, GuestPtr<unsigned char> residency) {
  if (!is_page_aligned(address)) return Errno{EINVAL};
  if (length == 0) return SysResult::ok();
  const uint64_t pages = page_up(length) / kPageSize;
  if (!mem::in_guest(residency.address(), pages)) return Errno{EFAULT};
  if (page_up(length) == 0 || !task.memory().is_mapped(address, page_up(length))) return Errno{ENOMEM};
  return SysResult::from_host(host_call(SYS_mincore, address, length, residency.address()));
}

SysResult sys_mlock(Task& task, uint64_t address, uint64_t length) {
  return from(task.memory().lock_pages(address, length, 0));
}

SysResult sys_mlock2(Task& task, uint64_t address, uint64_t length, int flags) {
  if (flags & ~MLOCK_ONFAULT) return Errno{EINVAL};
  return from(task.memory().lock_pages(address, length, flags));
}

SysResult sys_munlock(Task& task, uint64_t address, uint64_t length) {
  return from(task.memory().unlock_pages(address, length));
}

SysResult sys_mlockall(Task& task, int flags) { return from(task.memory().lock_all(flags)); }

SysResult sys_munlockall(Task& task) { return from(task.memory().unlock_all()); }

SysResult sys_mseal(Task& task, uint64_t address, uint64_t length, unsigned long flags) {
  // A host without it has libraries that do not expect it.
  if (const long known = host_call(kMsealNumber, 0, 0, 0); known < 0) return SysResult::from_host(known);
  if (flags != 0) return Errno{EINVAL};
  return from(task.memory().seal(address, length));
}

}  // namespace kontain::sys

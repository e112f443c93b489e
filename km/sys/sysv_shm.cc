#include "km/sys/sysv_shm.h"

#include <sys/shm.h>

#include "km/sys/forward.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

namespace kontain::sys {
namespace {

// Calls that fill a structure of type T.
template <class T>
SysResult query(int id, int command, GuestPtr<char> buffer) {
  T value{};
  return finish(host(SYS_shmctl, id, command, &value), buffer.as<T>(), value);
}

}  // namespace

SysResult sys_shmget(Task&, int key, size_t size, int flags) {
  if (flags & SHM_HUGETLB) return Errno{ENOMEM};  // as where no huge pages are set aside
  return host(SYS_shmget, key, size, flags);
}

SysResult sys_shmat(Task& task, int id, uint64_t address, int flags) {
  shmid_ds segment{};
  const SysResult status = host(SYS_shmctl, id, IPC_STAT, &segment);
  if (status.is_error()) return status;
  const auto attached = task.memory().attach_segment({id, segment.shm_segsz, address, flags});
  return attached ? SysResult::value(static_cast<int64_t>(*attached)) : SysResult(attached.error());
}

SysResult sys_shmdt(Task& task, uint64_t address) {
  const auto detached = task.memory().detach_segment(address);
  return detached ? SysResult::ok() : SysResult(detached.error());
}

SysResult sys_shmctl(Task&, int id, int command, GuestPtr<char> buffer) {
  switch (command) {
    case IPC_RMID:
    case SHM_LOCK:
    case SHM_UNLOCK: return host(SYS_shmctl, id, command, nullptr);
    case IPC_SET: {
      GUEST_TRY_ASSIGN(shmid_ds segment, mem::load(buffer.as<shmid_ds>()));
      return host(SYS_shmctl, id, command, &segment);
    }
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY: return query<shmid_ds>(id, command, buffer);
    case IPC_INFO: return query<shminfo>(id, command, buffer);
    case SHM_INFO: return query<shm_info>(id, command, buffer);
    default: return Errno{EINVAL};
  }
}

}  // namespace kontain::sys

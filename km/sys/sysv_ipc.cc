#include "km/sys/sysv_ipc.h"

#include <limits.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "base/mapping.h"
#include "km/sys/forward.h"

namespace kontain::sys {
namespace {

// linux/sem.h and linux/msg.h; libc hides them or lacks them.
constexpr int kSemStatAny = 20;
constexpr int kMsgStatAny = 13;

// As long as the kernel's structures, which it writes whole.
static_assert(sizeof(semid_ds) == 104 && sizeof(seminfo) == 40);
static_assert(sizeof(msqid_ds) == 120 && sizeof(msginfo) == 32);

constexpr uint64_t kPageSize = 4096;
constexpr uint64_t kMessageTypeSize = sizeof(int64_t);

// Room for the values of a whole set. The kernel writes as many as the set has at that moment, which need not be the
// set that was asked for its size: what does not fit ends at an inaccessible page, as EFAULT.
class SemaphoreValues {
 public:
  static GuestResult<SemaphoreValues> create(int id) {
    semid_ds set{};
    const SysResult status = host(SYS_semctl, id, 0, IPC_STAT, &set);
    if (status.is_error()) return tl::make_unexpected(Errno{status.error()});
    const uint64_t size = set.sem_nsems * sizeof(uint16_t);
    const uint64_t room = (size + kPageSize - 1) / kPageSize * kPageSize;
    auto area = Mapping::create(room + kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    if (!area) return tl::make_unexpected(Errno{ENOMEM});
    if (mprotect(static_cast<char*>(area->get()) + room, kPageSize, PROT_NONE) != 0) {
      return tl::make_unexpected(Errno{ENOMEM});
    }
    return SemaphoreValues(std::move(*area), size);
  }

  void* get() const { return area_.get(); }
  uint64_t size() const { return size_; }

 private:
  SemaphoreValues(Mapping area, uint64_t size) : area_(std::move(area)), size_(size) {}
  Mapping area_;
  uint64_t size_;
};

SysResult get_all(int id, uint64_t address) {
  GUEST_TRY_ASSIGN(const SemaphoreValues values, SemaphoreValues::create(id));
  const SysResult result = host(SYS_semctl, id, 0, GETALL, values.get());
  if (result.is_error()) return result;
  return mem::copy_out(address, values.get(), values.size()) ? result : Errno{EFAULT};
}

SysResult set_all(int id, uint64_t address) {
  GUEST_TRY_ASSIGN(const SemaphoreValues values, SemaphoreValues::create(id));
  if (!mem::copy_in(values.get(), address, values.size())) return Errno{EFAULT};
  return host(SYS_semctl, id, 0, SETALL, values.get());
}

template <class T>
SysResult control_out(long call, int id, int command, uint64_t address) {
  T value{};
  const SysResult result = call == SYS_semctl ? host(call, id, 0, command, &value) : host(call, id, command, &value);
  return finish(result, GuestPtr<T>(address), value);
}

template <class T>
SysResult control_in(long call, int id, int command, uint64_t address) {
  GUEST_TRY_ASSIGN(T value, mem::load(GuestPtr<const T>(address)));
  return call == SYS_semctl ? host(call, id, 0, command, &value) : host(call, id, command, &value);
}

HostBuffer operations_buffer(GuestPtr<const char> operations, unsigned count) {
  return host_buffer(operations, uint64_t{count} * sizeof(sembuf));
}

// No message is longer; a size that is negative as the kernel reads it is EINVAL.
bool is_message_size(uint64_t size) { return static_cast<int64_t>(size) >= 0; }
uint64_t clamped(uint64_t size) { return size < INT_MAX ? size : INT_MAX; }

}  // namespace

SysResult sys_semget(Task&, int key, int count, int flags) { return host(SYS_semget, key, count, flags); }

SysResult sys_semop(Task&, int id, GuestPtr<const char> operations, unsigned count) {
  return host(SYS_semop, id, operations_buffer(operations, count), count);
}

SysResult sys_semtimedop(Task&, int id, GuestPtr<const char> operations, unsigned count,
                         GuestPtr<const timespec> timeout) {
  GUEST_TRY_ASSIGN(std::optional<timespec> copy, load_optional(timeout));
  return host(SYS_semtimedop, id, operations_buffer(operations, count), count, pointer_or_null(copy));
}

SysResult sys_semctl(Task&, int id, int number, int command, uint64_t argument) {
  switch (command) {
    case IPC_RMID:
    case GETPID:
    case GETVAL:
    case GETNCNT:
    case GETZCNT:
    case SETVAL: return host(SYS_semctl, id, number, command, argument);
    case IPC_STAT:
    case SEM_STAT:
    case kSemStatAny: return control_out<semid_ds>(SYS_semctl, id, command, argument);
    case IPC_SET: return control_in<semid_ds>(SYS_semctl, id, command, argument);
    case IPC_INFO:
    case SEM_INFO: return control_out<seminfo>(SYS_semctl, id, command, argument);
    case GETALL: return get_all(id, argument);
    case SETALL: return set_all(id, argument);
    default: return Errno{EINVAL};
  }
}

SysResult sys_msgget(Task&, int key, int flags) { return host(SYS_msgget, key, flags); }

SysResult sys_msgsnd(Task&, int id, GuestPtr<const char> message, uint64_t size, int flags) {
  if (!is_message_size(size)) return Errno{EINVAL};
  return host(SYS_msgsnd, id, host_buffer(message, kMessageTypeSize + clamped(size)), clamped(size), flags);
}

SysResult sys_msgrcv(Task&, int id, GuestPtr<char> message, uint64_t size, int64_t type, int flags) {
  if (!is_message_size(size)) return Errno{EINVAL};
  return host(SYS_msgrcv, id, host_buffer(message, kMessageTypeSize + clamped(size)), clamped(size), type, flags);
}

SysResult sys_msgctl(Task&, int id, int command, uint64_t argument) {
  switch (command) {
    case IPC_RMID: return host(SYS_msgctl, id, command, nullptr);
    case IPC_STAT:
    case MSG_STAT:
    case kMsgStatAny: return control_out<msqid_ds>(SYS_msgctl, id, command, argument);
    case IPC_SET: return control_in<msqid_ds>(SYS_msgctl, id, command, argument);
    case IPC_INFO:
    case MSG_INFO: return control_out<msginfo>(SYS_msgctl, id, command, argument);
    default: return Errno{EINVAL};
  }
}

}  // namespace kontain::sys

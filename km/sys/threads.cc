#include "km/sys/threads.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>

#include <array>
#include <csignal>
#include <cstring>
#include <span>

#include "km/signal/host_signals.h"
#include "km/sys/forward.h"
#include "km/sys/wall_clock.h"

namespace kontain::sys {
namespace {

constexpr uint64_t kExitSignalMask = 0xff;       // CSIGNAL
constexpr uint64_t kClearSighand = 0x100000000;  // CLONE_CLEAR_SIGHAND
constexpr uint64_t kIntoCgroup = 0x200000000;    // CLONE_INTO_CGROUP
constexpr uint64_t kNewNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t kKnownFlags = 0x3'ffff'ffff;

// Combinations the kernel refuses (kernel/fork.c: copy_process), and those that would share the monitor's own state
// with another process.
int judge_flags(const task::CloneRequest& request) {
  const uint64_t flags = request.flags;
  const bool shares_memory = flags & CLONE_VM;
  const bool is_thread = flags & CLONE_THREAD;
  if ((flags & CLONE_SIGHAND) && !shares_memory) return EINVAL;
  if (is_thread && !(flags & CLONE_SIGHAND)) return EINVAL;
  if ((flags & CLONE_FS) && (flags & (CLONE_NEWNS | CLONE_NEWUSER))) return EINVAL;
  if ((flags & kClearSighand) && (flags & CLONE_SIGHAND)) return EINVAL;
  if ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED))) return EINVAL;
  if (flags & (kNewNamespaces | kIntoCgroup)) return EPERM;
  if (is_thread) return (flags & (CLONE_FS | CLONE_FILES)) == (CLONE_FS | CLONE_FILES) ? 0 : EINVAL;
  if (flags & (CLONE_FILES | CLONE_SIGHAND)) return EINVAL;
  if (shares_memory && !(flags & CLONE_VFORK)) return EINVAL;
  return 0;
}

SysResult begin(Task& task, const task::CloneRequest& request) {
  if (const int error = judge_flags(request)) return Errno{error};
  task::Lifecycle* lifecycle = task.process().lifecycle();
  if (!lifecycle) return Errno{ENOSYS};
  GuestResult<pid_t> made = 0;
  if (request.flags & CLONE_THREAD) {
    made = lifecycle->create_thread(task, request);
  } else if (request.flags & CLONE_VM) {
    made = lifecycle->vfork(task, request);
  } else {
    made = lifecycle->fork(task, request);
  }
  return made ? SysResult::value(*made) : SysResult(made.error());
}

// A structure whose size the caller names: bytes the kernel does not know must be 0 (lib: copy_struct_from_user).
GuestResult<CloneArgs> load_clone_args(GuestPtr<const CloneArgs> args, uint64_t size) {
  constexpr uint64_t kFirstSize = 64;
  constexpr uint64_t kLargest = 4096;
  if (size > kLargest) return tl::make_unexpected(Errno{E2BIG});
  if (size < kFirstSize) return tl::make_unexpected(Errno{EINVAL});
  std::array<std::byte, kLargest> bytes{};
  if (!mem::copy_in(bytes.data(), args.address(), size)) return tl::make_unexpected(Errno{EFAULT});
  for (size_t i = sizeof(CloneArgs); i < size; ++i) {
    if (bytes[i] != std::byte{0}) return tl::make_unexpected(Errno{E2BIG});
  }
  CloneArgs copy;
  std::memcpy(&copy, bytes.data(), std::min<size_t>(size, sizeof copy));
  return copy;
}

SysResult end_task(Task& task, int status, Task::End end) {
  task.end = end;
  task.exit_status = status & 0xff;
  return SysResult::ok();
}

constexpr int kLockPi2 = 13;  // FUTEX_LOCK_PI2

// Which registers of a futex(2) operation are addresses.
struct FutexShape {
  bool has_timeout;
  bool has_second_address;
};

std::optional<FutexShape> futex_shape(int operation) {
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case kLockPi2: return FutexShape{true, false};
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_UNLOCK_PI:
    case FUTEX_TRYLOCK_PI: return FutexShape{false, false};
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI:
    case FUTEX_WAKE_OP: return FutexShape{false, true};
    case FUTEX_WAIT_REQUEUE_PI: return FutexShape{true, true};
    default: return std::nullopt;
  }
}

// The clock of a timeout that is a deadline; nothing where it is a duration.
std::optional<int> futex_deadline_clock(int operation) {
  const int clock = (operation & FUTEX_CLOCK_REALTIME) ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_LOCK_PI: return CLOCK_REALTIME;
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI:
    case kLockPi2: return clock;
    default: return std::nullopt;
  }
}

HostBuffer futex_word(uint64_t address) { return host_buffer(GuestPtr<uint32_t>(address), sizeof(uint32_t)); }

}  // namespace

SysResult sys_clone(Task& task, uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid, uint64_t tls) {
  task::CloneRequest request;
  request.flags = static_cast<uint32_t>(flags) & ~kExitSignalMask;
  request.exit_signal = static_cast<int>(flags & kExitSignalMask);
  request.stack = stack;
  request.tls = tls;
  request.parent_tid = parent_tid;
  request.child_tid = child_tid;
  request.pidfd = parent_tid;  // CLONE_PIDFD uses the same register
  if ((request.flags & CLONE_PIDFD) && (request.flags & CLONE_PARENT_SETTID)) return Errno{EINVAL};
  return begin(task, request);
}

SysResult sys_clone3(Task& task, GuestPtr<const CloneArgs> args, uint64_t size) {
  GUEST_TRY_ASSIGN(const CloneArgs copy, load_clone_args(args, size));
  if (copy.flags & (kExitSignalMask | CLONE_DETACHED | ~kKnownFlags)) return Errno{EINVAL};
  if (copy.exit_signal > static_cast<uint64_t>(task::kSignalCount)) return Errno{EINVAL};
  if ((copy.flags & (CLONE_THREAD | CLONE_PARENT)) && copy.exit_signal != 0) return Errno{EINVAL};
  if ((copy.stack == 0) != (copy.stack_size == 0)) return Errno{EINVAL};
  if (copy.stack != 0 && !mem::in_guest(copy.stack, copy.stack_size)) return Errno{EINVAL};
  if (copy.set_tid != 0 || copy.set_tid_size != 0) return Errno{EPERM};
  task::CloneRequest request;
  request.flags = copy.flags;
  request.exit_signal = static_cast<int>(copy.exit_signal);
  request.stack = copy.stack == 0 ? 0 : copy.stack + copy.stack_size;
  request.tls = copy.tls;
  request.parent_tid = copy.parent_tid;
  request.child_tid = copy.child_tid;
  request.pidfd = copy.pidfd;
  return begin(task, request);
}

SysResult sys_fork(Task& task) {
  task::CloneRequest request;
  request.exit_signal = SIGCHLD;
  return begin(task, request);
}

SysResult sys_vfork(Task& task) {
  task::CloneRequest request;
  request.flags = CLONE_VM | CLONE_VFORK;
  request.exit_signal = SIGCHLD;
  return begin(task, request);
}

SysResult sys_exit(Task& task, int status) { return end_task(task, status, Task::End::Thread); }
SysResult sys_exit_group(Task& task, int status) { return end_task(task, status, Task::End::Process); }

SysResult sys_set_tid_address(Task& task, uint64_t address) {
  task.clear_child_tid = address;
  return SysResult::value(task.tid());
}

SysResult sys_set_robust_list(Task& task, uint64_t head, uint64_t size) {
  constexpr uint64_t kHeadSize = 24;  // struct robust_list_head
  if (size != kHeadSize) return Errno{EINVAL};
  task.robust_list = head;
  return SysResult::ok();
}

SysResult sys_get_robust_list(Task& task, int tid, GuestPtr<uint64_t> head, GuestPtr<uint64_t> size) {
  constexpr uint64_t kHeadSize = 24;
  std::optional<uint64_t> found;
  task.process().for_each_thread([&](const Task& other) {
    if (tid == other.tid()) found = other.robust_list;
  });
  if (tid == 0) found = task.robust_list;
  if (!found) return host(SYS_kill, tid, 0).is_error() ? Errno{ESRCH} : Errno{EPERM};
  if (!mem::store(size, kHeadSize) || !mem::store(head, *found)) return Errno{EFAULT};
  return SysResult::ok();
}

// The host's threads are the payload's and share one mm, so the host's barriers are right. Those for restartable
// sequences are refused: there are none.
SysResult sys_membarrier(Task&, int command, unsigned flags, int cpu) {
  constexpr int kRseqCommands = MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ;
  if (command & kRseqCommands) return Errno{EINVAL};
  const SysResult result = host(SYS_membarrier, command, flags, cpu);
  if (command != MEMBARRIER_CMD_QUERY || result.is_error()) return result;
  return SysResult::value(result.raw() & ~kRseqCommands);
}

SysResult sys_futex(Task& task, uint64_t address, int operation, uint32_t value, uint64_t fourth, uint64_t address2,
                    uint32_t value3) {
  const auto shape = futex_shape(operation);
  if (!shape) return Errno{ENOSYS};
  const HostBuffer second = shape->has_second_address ? futex_word(address2) : HostBuffer(0);
  // Nothing of these waits.
  if (!shape->has_timeout) {
    return host_at_once(SYS_futex, futex_word(address), operation, value, fourth, second, value3);
  }
  GUEST_TRY_ASSIGN(std::optional<timespec> timeout, load_optional(GuestPtr<const timespec>(fourth)));
  if (const auto clock = futex_deadline_clock(operation)) move_deadline(task, *clock, timeout);
  return host(SYS_futex, futex_word(address), operation, value, pointer_or_null(timeout), second, value3);
}

SysResult sys_futex_waitv(Task& task, GuestPtr<const FutexWaiter> waiters, unsigned count, unsigned flags,
                          GuestPtr<const timespec> timeout, int clock) {
  constexpr size_t kLimit = 128;   // FUTEX_WAITV_MAX
  constexpr uint32_t kSize32 = 2;  // FUTEX2_SIZE_U32
  constexpr uint32_t kPrivate = FUTEX_PRIVATE_FLAG;
  if (flags != 0 || count == 0 || count > kLimit || waiters.is_null()) return Errno{EINVAL};
  if (!timeout.is_null() && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return Errno{EINVAL};
  GUEST_TRY_ASSIGN(std::optional<timespec> time, load_optional(timeout));
  move_deadline(task, clock, time);
  std::array<FutexWaiter, kLimit> copies;
  if (!mem::copy_in(copies.data(), waiters.address(), count * sizeof(FutexWaiter))) return Errno{EFAULT};
  for (FutexWaiter& waiter : std::span(copies).first(count)) {
    if ((waiter.flags & ~kPrivate) != kSize32) return Errno{EINVAL};
    waiter.address = futex_word(waiter.address).address();
  }
  return host(SYS_futex_waitv, copies.data(), count, flags, pointer_or_null(time), clock);
}

}  // namespace kontain::sys

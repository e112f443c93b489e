#include "km/sys/table.h"

#include <array>
#include <cerrno>
#include <climits>
#include <initializer_list>
#include <new>
#include <stdexcept>

#include "base/abi/syscalls.h"
#include "km/sys/aio.h"
#include "km/sys/descriptors.h"
#include "km/sys/directories.h"
#include "km/sys/events.h"
#include "km/sys/exec.h"
#include "km/sys/file_handles.h"
#include "km/sys/files.h"
#include "km/sys/identity.h"
#include "km/sys/io.h"
#include "km/sys/ioctl.h"
#include "km/sys/limits.h"
#include "km/sys/memory.h"
#include "km/sys/message_queues.h"
#include "km/sys/polling.h"
#include "km/sys/process.h"
#include "km/sys/random.h"
#include "km/sys/roots.h"
#include "km/sys/scheduling.h"
#include "km/sys/seccomp.h"
#include "km/sys/signal_queues.h"
#include "km/sys/signals.h"
#include "km/sys/sockets.h"
#include "km/sys/system.h"
#include "km/sys/sysv_ipc.h"
#include "km/sys/sysv_shm.h"
#include "km/sys/threads.h"
#include "km/sys/time.h"
#include "km/sys/timers.h"
#include "km/sys/waiting.h"
#include "km/sys/xattr.h"

namespace kontain::sys {
namespace {

template <int Error>
SysResult refuse(Task&, const RawArgs&) {
  return Errno{Error};
}

using Table = std::array<Handler, abi::kSyscallLimit>;

// A row that is not refused and has no sys_NAME does not compile.
constexpr Table make_table() {
  Table table{};
  table.fill(&refuse<ENOSYS>);
#define SYSCALL_FULL(number, name, classes, arguments) table[number] = &thunk<&sys_##name>;
#define SYSCALL_PARTIAL(number, name, classes, limit, arguments) table[number] = &thunk<&sys_##name>;
#define SYSCALL_REFUSED(number, name, error, reason, arguments) table[number] = &refuse<error>;
#include "base/abi/syscalls.def"
#undef SYSCALL_FULL
#undef SYSCALL_PARTIAL
#undef SYSCALL_REFUSED
  return table;
}

constexpr Table kTable = make_table();

// Classes of the rows that are not refused, by number.
constexpr std::array<uint8_t, abi::kSyscallLimit> make_classes() {
  using namespace abi;
  std::array<uint8_t, abi::kSyscallLimit> table{};
#define SYSCALL_FULL(number, name, classes, arguments) table[number] = classes;
#define SYSCALL_PARTIAL(number, name, classes, limit, arguments) table[number] = classes;
#define SYSCALL_REFUSED(number, name, error, reason, arguments)
#include "base/abi/syscalls.def"
#undef SYSCALL_FULL
#undef SYSCALL_PARTIAL
#undef SYSCALL_REFUSED
  return table;
}

constexpr auto kClasses = make_classes();

// Which arguments are ids of processes and threads, as bits by position.
constexpr uint8_t pid_arguments(std::initializer_list<abi::ArgKind> kinds) {
  uint8_t bits = 0;
  uint8_t bit = 1;
  for (const abi::ArgKind kind : kinds) {
    if (kind == abi::ArgKind::Pid) bits |= bit;
    bit = static_cast<uint8_t>(bit << 1);
  }
  return bits;
}

constexpr std::array<uint8_t, abi::kSyscallLimit> make_pid_arguments() {
  using enum abi::ArgKind;
  std::array<uint8_t, abi::kSyscallLimit> table{};
#define ARGS(...) pid_arguments({__VA_ARGS__})
#define SYSCALL_FULL(number, name, classes, arguments) table[number] = arguments;
#define SYSCALL_PARTIAL(number, name, classes, limit, arguments) table[number] = arguments;
#define SYSCALL_REFUSED(number, name, error, reason, arguments)
#include "base/abi/syscalls.def"
#undef SYSCALL_FULL
#undef SYSCALL_PARTIAL
#undef SYSCALL_REFUSED
#undef ARGS
  return table;
}

constexpr auto kPidArguments = make_pid_arguments();

// The monitor's own thread does not exist for the payload: its id becomes one that no process has.
RawArgs without_helper(const RawArgs& args, uint32_t number, pid_t helper) {
  RawArgs hidden = args;
  for (size_t i = 0; i < args.size(); ++i) {
    const bool is_pid = kPidArguments[number] >> i & 1;
    if (is_pid && static_cast<pid_t>(args[i]) == helper) hidden[i] = INT_MAX;
  }
  return hidden;
}

SysResult call_handler(Task& task, uint32_t number, const RawArgs& args) {
  const pid_t helper = task.process().helper_tid.load(std::memory_order_relaxed);
  if (helper == 0 || kPidArguments[number] == 0) return kTable[number](task, args);
  return kTable[number](task, without_helper(args, number, helper));
}

}  // namespace

bool may_block(long number) { return kClasses[static_cast<size_t>(number)] & abi::kMayBlock; }
bool is_tried_first(uint32_t number) { return number < kClasses.size() && (kClasses[number] & abi::kExitlessTry); }
bool changes_identity(uint32_t number) { return number < kClasses.size() && (kClasses[number] & abi::kIdentity); }

SysResult dispatch(Task& task, uint32_t number, const RawArgs& args) {
  if (const auto answer = filter_call(task, number, args)) return *answer;
  if (number >= kTable.size()) return Errno{ENOSYS};
  try {
    return call_handler(task, number, args);
  } catch (const std::bad_alloc&) {  // what a payload asks for may be more than the monitor can get
    return Errno{ENOMEM};
  } catch (const std::length_error&) {
    return Errno{ENOMEM};
  }
}

}  // namespace kontain::sys

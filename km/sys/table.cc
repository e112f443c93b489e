#include "km/sys/table.h"

#include <array>
#include <cerrno>
#include <new>
#include <stdexcept>

#include "base/abi/syscalls.h"
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

// abi::kMayBlock by number.
constexpr std::array<bool, abi::kSyscallLimit> make_may_block() {
  using namespace abi;
  std::array<bool, abi::kSyscallLimit> table{};
#define SYSCALL_FULL(number, name, classes, arguments) table[number] = (classes) & kMayBlock;
#define SYSCALL_PARTIAL(number, name, classes, limit, arguments) table[number] = (classes) & kMayBlock;
#define SYSCALL_REFUSED(number, name, error, reason, arguments)
#include "base/abi/syscalls.def"
#undef SYSCALL_FULL
#undef SYSCALL_PARTIAL
#undef SYSCALL_REFUSED
  return table;
}

constexpr auto kMayBlockTable = make_may_block();

}  // namespace

bool may_block(long number) { return kMayBlockTable[static_cast<size_t>(number)]; }

SysResult dispatch(Task& task, uint32_t number, const RawArgs& args) {
  if (const auto answer = filter_call(task, number, args)) return *answer;
  if (number >= kTable.size()) return Errno{ENOSYS};
  try {
    return kTable[number](task, args);
  } catch (const std::bad_alloc&) {  // what a payload asks for may be more than the monitor can get
    return Errno{ENOMEM};
  } catch (const std::length_error&) {
    return Errno{ENOMEM};
  }
}

}  // namespace kontain::sys

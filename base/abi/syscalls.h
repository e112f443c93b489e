// Every x86-64 system call as data: number, name, arguments, support. km's dispatch and trace, `km --syscalls`, the
// payload analyser and docs/syscalls.md all read this one table; the rows stand in syscalls.def.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kontain::abi {

// What an argument is, for tracing and for analysis. "In" is read by the call, "Out" is written by it.
enum class ArgKind : uint8_t {
  None = 0,
#define ARG_KIND(name) name,
#include "base/abi/arg_kinds.def"
#undef ARG_KIND
};

enum class Support : uint8_t {
  Full,     // behaves as Linux does
  Partial,  // works, with the limits that `note` names
  Refused,  // always fails with `refusal_errno`, for the reason in `note`
};

// Bits of SyscallRow::classes.
enum : uint8_t {
  kLocal = 1 << 0,        // can be answered inside the guest from data the monitor put there
  kExitless = 1 << 1,     // may be run by another host thread of the same process
  kExitlessFd = 1 << 2,   // the same if the descriptor in argument 0 is of a kind that does not block
  kMayBlock = 1 << 3,     // may sleep for an unbounded time
  kThreadBound = 1 << 4,  // acts on, or depends on, the calling host thread: never run by another one
  // Changes what the calling thread is to the host: credentials, priority, processors.
  kIdentity = 1 << 5,
  // Another host thread may run it in the form that does not wait, if it has one for the arguments (km/sys/attempt.h).
  kExitlessTry = 1 << 6,
};

struct SyscallRow {
  uint16_t number;
  std::string_view name;
  Support support;
  uint16_t refusal_errno;  // for Support::Refused, else 0
  uint8_t classes;
  std::string_view note;  // for Partial: the limit; for Refused: the reason; may be empty for Full
  std::array<ArgKind, 6> args;

  constexpr size_t arg_count() const {
    size_t count = 0;
    while (count < args.size() && args[count] != ArgKind::None) ++count;
    return count;
  }
};

// All rows, ordered by number.
std::span<const SyscallRow> syscall_table();
// The row of `number`, or nullptr: no such call on x86-64 Linux (ENOSYS).
const SyscallRow* find_syscall(uint64_t number);
// The row called `name`, or nullptr.
const SyscallRow* find_syscall(std::string_view name);
// "full", "partial" or "refused".
std::string_view support_name(Support support);

// Every number in the table is below this; what is indexed by call number has this many entries.
inline constexpr uint64_t kSyscallLimit = 512;

}  // namespace kontain::abi

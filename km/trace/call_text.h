// One system call as one line of text, written as strace(1) does:
//
//   openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/abi/syscalls.h"
#include "km/trace/memory_reader.h"

namespace kontain::trace {

using RawArgs = std::array<uint64_t, 6>;

// What the call reads is shown as it was before the call, what it writes as it is after it. Values only: `memory` is
// used inside begin() and finish() and not kept.
class CallText {
 public:
  // To be called before the call is executed. A number without a row is shown as syscall_0x1ff.
  static CallText begin(uint64_t number, const RawArgs& args, MemoryReader& memory);

  // The whole line, without its end; `result` is the value of RAX, errnos are -4095..-1.
  std::string finish(int64_t result, MemoryReader& memory) const;
  // The line of a call that a signal interrupted. With `restarts_by_flag` a handler with SA_RESTART has it made again,
  // otherwise it is made again only if no handler runs.
  std::string finish_interrupted(bool restarts_by_flag, MemoryReader& memory) const;
  // The line of a call that does not return, like exit_group.
  std::string finish_without_result(MemoryReader& memory) const;

 private:
  std::string arguments(const int64_t* result, MemoryReader& memory) const;

  const abi::SyscallRow* row_ = nullptr;  // nullptr: no such call
  uint64_t number_ = 0;
  RawArgs args_{};
  std::array<std::string, 6> texts_;  // what is known before the call
  std::array<uint64_t, 6> noted_{};
};

// The result of the call alone: 3, 0x7f0000000000, -1 ENOENT (No such file or directory).
std::string result_text(const abi::SyscallRow* row, int64_t result);

}  // namespace kontain::trace

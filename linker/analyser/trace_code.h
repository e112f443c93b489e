// Which numbers reach the system calls of one function: its instructions are followed along every path, with what the
// registers can hold.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "linker/analyser/elf_file.h"
#include "linker/analyser/value.h"

namespace kontain::analyser {

// Where a function that makes system calls for others takes the number from: Value::Kind::Register or Argument.
using Parameter = Value;

struct CallNumbers {
  std::vector<int64_t> numbers;        // ascending
  std::optional<Parameter> parameter;  // the caller decides
  bool unknown = false;                // a number that comes from elsewhere
  bool legacy = false;                 // INT 0x80 or SYSENTER: the 32-bit table

  void add(const Value& value);
};

// Answers for an address that the code calls or jumps to, whether that is a function that takes a call's number.
using FindWrapper = std::function<std::optional<Parameter>(uint64_t target)>;

// `code` is the function's bytes, which begin at `address`. Cost: linear in its size, with a limit for hostile ones,
// beyond which the answer is "unknown".
CallNumbers trace_calls(Bytes code, uint64_t address, const FindWrapper& find_wrapper);

}  // namespace kontain::analyser

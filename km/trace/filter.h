// Which calls `km --trace=FILTER` shows.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>

#include "base/abi/syscalls.h"
#include "base/error.h"

namespace kontain::trace {

class Filter {
 public:
  // Everything.
  static Filter all();
  // Names, numbers and classes joined by commas; a leading ! means everything but them. Classes are file, desc,
  // network, memory, process, signal, creds and clock, with or without a leading %; also all and none.
  // Empty is all. As strace -e trace=.
  static Result<Filter> parse(std::string_view text);

  bool wants(uint64_t number) const {
    return number < abi::kSyscallLimit && abi::find_syscall(number) != nullptr ? calls_[number] : unknown_;
  }

 private:
  std::bitset<abi::kSyscallLimit> calls_;
  bool unknown_ = false;  // calls that Linux does not have
};

}  // namespace kontain::trace

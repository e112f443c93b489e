// The system calls of the kernel headers that the tests were built with.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kontain::test {

struct LinuxCall {
  uint64_t number;
  std::string_view name;
};

std::span<const LinuxCall> linux_calls();

}  // namespace kontain::test

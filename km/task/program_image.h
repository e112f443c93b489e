// What a payload's process was started from, as its /proc files tell it. Addresses are the payload's; 0 is unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kontain::task {

struct ProgramImage {
  uint64_t code_start = 0, code_end = 0;  // of the program, without its interpreter
  uint64_t data_start = 0, data_end = 0;
  uint64_t break_start = 0;
  uint64_t stack_pointer = 0;  // at the first instruction
  uint64_t argument_start = 0, argument_end = 0;
  uint64_t environment_start = 0, environment_end = 0;
  uint64_t vdso_start = 0, vdso_end = 0;    // [vdso] in maps; it lies outside the guest's ranges
  std::vector<std::byte> auxiliary_vector;  // as in memory, with AT_NULL
};

}  // namespace kontain::task

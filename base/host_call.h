// System calls of our own process without errno: what the kernel returned is the value.
#pragma once

#include <cstdint>

namespace kontain {

// Issues the host's system call `number`. Returns the result, or -errno (-4095..-1). Never touches errno, so it is
// safe in signal handlers and in children that share our memory.
// SAFETY: pointers among the arguments are the caller's responsibility.
inline long host_call(long number, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0, uint64_t e = 0,
                      uint64_t f = 0) {
  long result;
  register uint64_t r10 asm("r10") = d;
  register uint64_t r8 asm("r8") = e;
  register uint64_t r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

}  // namespace kontain

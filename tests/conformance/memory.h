// What the programs about memory share: short names, and how a byte can be touched.
#pragma once
#include "tests/conformance/case.h"

#include <setjmp.h>

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define MAP(address, size, protection, flags) ((char*)mmap(address, size, protection, flags, -1, 0))

static sigjmp_buf jump;
static int last_code;
static inline void jump_back(int signal, siginfo_t* info, void* context) {
  (void)context;
  last_code = info->si_code;
  siglongjmp(jump, signal);
}

// 0 when the byte can be read (written), otherwise signal * 10 + si_code.
static inline int probe(volatile char* address, int write) {
  set_info_handler(SIGSEGV, jump_back, 0);
  set_info_handler(SIGBUS, jump_back, 0);
  int signal = sigsetjmp(jump, 1);
  if (signal) return signal * 10 + last_code;
  char value = *address;
  if (write) *address = value;
  return 0;
}

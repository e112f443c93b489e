// What the programs about faults share: what the handler was told, and a statement that faults.
#pragma once
#include "tests/conformance/case.h"

#include <setjmp.h>
#include <sys/ucontext.h>

static volatile int hits;
static siginfo_t last;
static greg_t last_registers[23];
static sigjmp_buf jump;

static inline void keep(siginfo_t* info, void* context) {
  hits++;
  memcpy(&last, info, sizeof last);
  memcpy(last_registers, ((ucontext_t*)context)->uc_mcontext.gregs, sizeof last_registers);
}

static inline void keep_and_jump(int signal, siginfo_t* info, void* context) {
  keep(info, context);
  siglongjmp(jump, signal);
}

static inline void catch_all(int flags) {
  int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
  for (int i = 0; i < 6; i++) set_info_handler(signals[i], keep_and_jump, flags);
}

// Runs a statement that faults and says what the handler saw; `address` is where si_addr should point.
#define FAULT(statement, address)                                                          \
  do {                                                                                     \
    catch_all(0);                                                                          \
    int caught_ = sigsetjmp(jump, 1);                                                      \
    if (caught_ == 0) {                                                                    \
      statement;                                                                           \
      say("no fault: %s", #statement);                                                     \
    } else {                                                                               \
      say("signal %d, code %d, trap %lld, err %llx, addr %s", last.si_signo, last.si_code, \
          (long long)last_registers[REG_TRAPNO], (long long)last_registers[REG_ERR],       \
          last.si_addr == (void*)(address) ? "exact" : "other");                           \
    }                                                                                      \
  } while (0)

static inline void keep_and_return(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
}

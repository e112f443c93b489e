// Promise 1. A second thread rewrites the signal frame while rt_sigreturn reads it: what was checked must be what is
// used.

// natively: held
#include "attack.h"

#include <ucontext.h>

static ucontext_t* volatile frame;

static void* rewrite(void* unused) {
  while (!attack_is_over) {
    ucontext_t* current = frame;
    if (current == NULL) continue;
    greg_t* volatile registers = current->uc_mcontext.gregs;
    void* state = current->uc_mcontext.fpregs;
    for (int i = 0; i < 200 && frame == current; ++i) {
      registers[REG_EFL] ^= 0x3000;
      ((volatile int16_t*)&registers[REG_CSGSFS])[0] = i % 2 ? 0x10 : 0x33;
      ((volatile uint64_t*)state)[65] = i % 2 ? 1UL << 63 : 0;
    }
    ((volatile int16_t*)&registers[REG_CSGSFS])[0] = 0x33;
  }
  return unused;
}

static void handler(int signal, siginfo_t* info, void* context) {
  frame = context;
  for (volatile int i = 0; i < 100; ++i) {
  }
}

static void attack(void) {
  static char stack[65536] __attribute__((aligned(64)));
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  start_thread(rewrite, 0);
  for (int i = 0; i < 300; ++i) {
    raise(SIGUSR1);
    uint64_t flags;
    __asm__ volatile("pushfq; pop %0" : "=r"(flags));
    if (flags & 0x3000) syscall(SYS_exit_group, 8);
  }
  syscall(SYS_exit_group, 0);
}

int main(void) {
  for (int round = 0; attacking() || round < 5; ++round) {
    const pid_t child = start_process();
    if (child == 0) attack();
    const int status = status_of(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) cannot("threads");
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
      broke("round %d ended with status %d", round, WEXITSTATUS(status));
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGSEGV && WTERMSIG(status) != SIGBUS) {
      broke("round %d ended with signal %d", round, WTERMSIG(status));
    }
  }
  held();
}

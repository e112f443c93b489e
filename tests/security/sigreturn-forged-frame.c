// Promise 1. Signal frames come back with everything a payload can write into them: selectors, flags, addresses of the
// monitor, a broken floating-point state, a mask that blocks every signal.

// natively: broke
#include "attack.h"

#include <ucontext.h>

enum { kReached = 7, kPrivileged = 8 };

static int attack_number;
static volatile int returned;

__attribute__((noinline)) static void use_stack_and_end(void) {
  // RSP is in the monitor: this call stored its return address there.
  syscall(SYS_exit_group, kReached);
}

static void forge(int signal, siginfo_t* info, void* context) {
  ucontext_t* frame = context;
  greg_t* registers = frame->uc_mcontext.gregs;
  char* state = (char*)frame->uc_mcontext.fpregs;
  switch (attack_number) {
    case 0: registers[REG_EFL] |= 0x3000; break;    // IOPL 3
    case 1: registers[REG_EFL] |= 0x1f7000; break;  // NT, VM, AC, VIF, VIP, ID, RF
    case 2: registers[REG_EFL] &= ~0x202; break;    // interrupts off
    case 3: registers[REG_CSGSFS] = 0x0010; break;  // CS of the kernel
    case 4: registers[REG_CSGSFS] = (0x10L << 48) | 0x18L << 32 | 0x33; break;
    case 5: registers[REG_CSGSFS] = 0x23 | 0x2bL << 48; break;  // 32-bit code
    case 6: registers[REG_RIP] = (greg_t)target; break;
    case 7: registers[REG_RIP] = (greg_t)0x8000000000000000; break;
    case 8: registers[REG_RSP] = (greg_t)0x8000000000000000; break;
    case 9:
      registers[REG_RSP] = (greg_t)target;
      registers[REG_RIP] = (greg_t)use_stack_and_end;
      break;
    case 10: frame->uc_mcontext.fpregs = (void*)target; break;
    case 11: frame->uc_mcontext.fpregs = (void*)(state + 1); break;  // not aligned
    case 12: *(uint64_t*)(state + 512) = ~0UL; break;                // XSTATE_BV
    case 13: *(uint64_t*)(state + 520) = 1UL << 63; break;           // XCOMP_BV: compacted
    case 14: memset(state + 528, 0xff, 48); break;                   // reserved
    case 15: *(uint32_t*)(state + 24) = ~0U; break;                  // MXCSR
    case 16: *(uint64_t*)(state + 472) = ~0UL; break;                // xstate_size
    case 17: memset(&frame->uc_sigmask, 0xff, 8); break;
    case 18:
      frame->uc_stack.ss_sp = (void*)target;
      frame->uc_stack.ss_size = 8192;
      frame->uc_stack.ss_flags = 0;
      break;
    case 19: frame->uc_flags = ~0UL; break;
  }
}

enum { kAttacks = 20 };

static void look_around(void) {
  uint64_t flags;
  uint16_t code;
  __asm__ volatile("pushfq; pop %0; mov %%cs, %1" : "=r"(flags), "=r"(code));
  if ((flags & 0x7000) != 0 || !(flags & 0x200) || (code & 3) != 3) _exit(kPrivileged);
}

static void attack(int number) {
  attack_number = number;
  struct sigaction action = {.sa_sigaction = forge, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  returned = 1;
  look_around();
  if (number == 17) {  // SIGKILL has to end it although everything is blocked
    kill(getpid(), SIGKILL);
    for (;;) sched_yield();
  }
  _exit(0);
}

// No frame at all: the stack pointer of rt_sigreturn is the monitor's.
static void return_from_monitor(void) {
  __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall; hlt" : : "r"(target) : "rax", "memory");
}

static void judge(int number, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == kReached) broke("frame %d put its stack into the monitor", number);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kPrivileged) broke("frame %d came back with privileges", number);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    broke("frame %d ended with status %d", number, WEXITSTATUS(status));
  if (!WIFSIGNALED(status)) return;
  const int signal = WTERMSIG(status);
  if (number == 17 && signal == SIGKILL) return;
  if (signal != SIGSEGV && signal != SIGBUS && signal != SIGILL) broke("frame %d ended with signal %d", number, signal);
}

int main(void) {
  for (int number = 0; number <= kAttacks; ++number) {
    const pid_t child = start_process();
    if (child == 0) {
      if (number < kAttacks) attack(number);
      return_from_monitor();
    }
    judge(number, status_of(child));
  }
  held();
}

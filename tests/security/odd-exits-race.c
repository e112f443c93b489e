// Promise 6. Threads of several processes cause every exit a payload can cause by hand at the same time, while others
// work: each process ends by its own signal, nothing else is disturbed.

// natively: held
#include "attack.h"

enum { kWays = 12, kDoorbellPage = 0x6f0000000000 };

static atomic_int go;

static void cause(int way) {
  switch (way) {
    case 0: __asm__ volatile("hlt"); break;
    case 1: __asm__ volatile("outb %%al, $0x80" : : "a"(0)); break;
    case 2: __asm__ volatile("int $0x80" : : "a"(20)); break;
    case 3: __asm__ volatile("ud2"); break;
    case 4: *(volatile uint32_t*)kDoorbellPage = 1; break;
    case 5: *(volatile uint8_t*)(kDoorbellPage + 0x1000) = 1; break;
    case 6: __asm__ volatile("mov %0, %%cr3" : : "r"(0L)); break;
    case 7: __asm__ volatile("lgdt (%0)" : : "r"(target)); break;
    case 8: __asm__ volatile("wrmsr" : : "a"(0), "c"(0xc0000080), "d"(0)); break;
    case 9: __asm__ volatile("mov $0, %%rsp; push %%rax" : : : "memory"); break;
    case 10: __asm__ volatile("pushq $0x40ff; popfq; nop; ud2"); break;  // NT and friends
    case 11: ((void (*)(void))target)(); break;
  }
}

static void* cause_in_thread(void* way) {
  while (!go) {
  }
  cause((int)(intptr_t)way);
  return 0;
}

static void* work(void* unused) {
  while (attacking()) {
    struct stat info;
    if (stat("/", &info) != 0) broke("work was disturbed: %d", errno);
  }
  return unused;
}

int main(void) {
  const pthread_t worker = start_thread(work, 0);
  for (int round = 0; attacking() || round < kWays; ++round) {
    pid_t children[3];
    for (int i = 0; i < 3; ++i) {
      children[i] = start_process();
      if (children[i] != 0) continue;
      start_thread(cause_in_thread, (void*)(intptr_t)((round + i) % kWays));
      start_thread(cause_in_thread, (void*)(intptr_t)((round + 5 * i) % kWays));
      go = 1;
      cause(round % kWays);
      __asm__ volatile("ud2");
    }
    for (int i = 0; i < 3; ++i) {
      const int status = status_of(children[i]);
      if (!WIFSIGNALED(status)) broke("round %d: a child ended with %#x", round, status);
      const int signal = WTERMSIG(status);
      if (signal != SIGSEGV && signal != SIGILL && signal != SIGBUS && signal != SIGTRAP) {
        broke("round %d: a child ended with signal %d", round, signal);
      }
    }
    if (round == 15) attack_is_over = 1;
  }
  attack_is_over = 1;
  join(worker);
  held();
}

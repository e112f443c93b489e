// clone(2) and clone3(2) called directly, as a thread library does: words, TLS, signals, errors.
#include "tests/conformance/case.h"

#include <linux/futex.h>
#include <sched.h>

static volatile int child_tid_word, parent_tid_word;
static char stack[65536] __attribute__((aligned(16)));

// clone(2) with a function to run on the new stack; the new thread must not use the C library.
__attribute__((noinline)) static long raw_clone(unsigned long flags, void* top, volatile int* parent_tid,
                                                volatile int* child_tid, void* tls, void (*body)(void)) {
  long result;
  register volatile int* r10 __asm__("r10") = child_tid;
  register void* r8 __asm__("r8") = tls;
  register void (*r9)(void) __asm__("r9") = body;
  __asm__ volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "call *%%r9\n"
      "mov $60, %%eax\n"
      "xor %%edi, %%edi\n"
      "syscall\n"
      "1:"
      : "=a"(result)
      : "0"(56L), "D"(flags), "S"(top), "d"(parent_tid), "r"(r10), "r"(r8), "r"(r9)
      : "rcx", "r11", "memory");
  return result;
}

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static volatile int seen;
static void set_seen(void) { seen = child_tid_word ? 2 : 1; }

static void join_raw(void) {
  for (int value; (value = child_tid_word) != 0;) syscall(SYS_futex, &child_tid_word, FUTEX_WAIT, value, NULL);
}

CASE(clone_sets_and_clears_the_tid) {
  child_tid_word = -1;
  long tid = raw_clone(THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
                       stack + sizeof stack, &parent_tid_word, &child_tid_word, NULL, set_seen);
  CHECK(tid > 0);
  CHECK_EQ(parent_tid_word, tid);
  join_raw();
  say("seen %d, cleared %d", seen, child_tid_word);
}

static unsigned long tls_block[8] __attribute__((aligned(64)));
static void read_tls(void) {
  unsigned long value;
  __asm__ volatile("mov %%fs:8, %0" : "=r"(value));
  seen = (int)value;
}

CASE(clone_sets_tls) {
  tls_block[1] = 77;
  child_tid_word = 1;
  CHECK(raw_clone(THREAD_FLAGS | CLONE_SETTLS | CLONE_CHILD_CLEARTID, stack + sizeof stack, NULL, &child_tid_word,
                  tls_block, read_tls) > 0);
  join_raw();
  say("fs:8 is %d", seen);
}

static void set_other_tid_address(void) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_set_tid_address), "D"(&parent_tid_word)
                   : "rcx", "r11", "memory");
  seen = (int)result;
}

CASE(set_tid_address_moves_the_word) {
  child_tid_word = parent_tid_word = 1;
  long tid = raw_clone(THREAD_FLAGS | CLONE_CHILD_CLEARTID, stack + sizeof stack, NULL, &child_tid_word, NULL,
                       set_other_tid_address);
  while (parent_tid_word) nap_ms(1);
  say("first word %d, result is the tid %d", child_tid_word, seen == tid);
}

// What raw_clone's thread was sent while it blocks everything: the signal, or an errno below zero.
static void wait_for_blocked(void) {
  static const unsigned long all = ~0UL;
  static const struct timespec patience = {10, 0};
  register unsigned long size __asm__("r10") = sizeof all;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_rt_sigtimedwait), "D"(&all), "S"(NULL), "d"(&patience), "r"(size)
                   : "rcx", "r11", "memory");
  seen = (int)result;
}

// A thread has its creator's mask from its first moment, also for the signals that C libraries keep for themselves.
CASE(signals_of_a_thread_that_begins) {
  unsigned long all = ~0UL, before;
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, sizeof all), 0);
  for (int i = 0; i < 300; i++) {
    int signal = 32 + i % 4;
    seen = 0;
    child_tid_word = 1;
    long tid = raw_clone(THREAD_FLAGS | CLONE_CHILD_CLEARTID, stack + sizeof stack, NULL, &child_tid_word, NULL,
                         wait_for_blocked);
    CHECK_EQ(syscall(SYS_tgkill, getpid(), tid, signal), 0);
    join_raw();
    CHECK_EQ(seen, signal);
  }
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before), 0);
}

CASE(clone_flag_errors) {
  char* top = stack + sizeof stack;
  CHECK_ERR(syscall(SYS_clone, CLONE_THREAD, top, NULL, NULL, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, top, NULL, NULL, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, top, NULL, NULL, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL), EINVAL);
  say("EINVAL");
}

struct CloneArgs {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

CASE(clone3_errors) {
  struct CloneArgs arguments = {0};
  CHECK_ERR(syscall(SYS_clone3, &arguments, 32), EINVAL);
  CHECK_ERR(syscall(SYS_clone3, (void*)16, sizeof arguments), EFAULT);
  arguments.exit_signal = 300;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  arguments.exit_signal = SIGCHLD;
  arguments.stack_size = 4096;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  arguments.stack_size = 0;
  arguments.flags = THREAD_FLAGS;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  arguments.flags = 1ULL << 60;
  CHECK_ERR(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  CHECK_ERR(syscall(SYS_clone3, &arguments, PAGE + 8), E2BIG);
  say("refused");
}

CASE(clone3_as_fork) {
  struct CloneArgs arguments = {0};
  int parent_tid = 0;
  arguments.exit_signal = SIGCHLD;
  arguments.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID;
  arguments.parent_tid = (uintptr_t)&parent_tid;
  arguments.child_tid = (uintptr_t)&child_tid_word;
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(child_tid_word == syscall(SYS_getpid) ? 12 : 13);
  CHECK(pid > 0);
  CHECK_EQ(parent_tid, pid);
  say_status("child", wait_for((pid_t)pid));
  say("own word %d", child_tid_word);
}

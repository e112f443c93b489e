// Stacks of handlers: alternative stacks, their errors, overflows.
#include "tests/conformance/fault.h"

#include <pthread.h>
#include <sys/resource.h>

static char alternative[65536] __attribute__((aligned(16)));
static stack_t stack_in_handler;
static int on_alternative;
static void where_is_the_stack(int signal) {
  (void)signal;
  char local;
  char* volatile here = &local;
  on_alternative = here >= alternative && here < alternative + sizeof alternative;
  sigaltstack(NULL, &stack_in_handler);
}

static stack_t use_alternative(int flags) {
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = alternative;
  stack.ss_size = sizeof alternative;
  stack.ss_flags = flags;
  MUST(sigaltstack(&stack, NULL));
  return stack;
}

CASE(alternative_stack) {
  stack_t now;
  MUST(sigaltstack(NULL, &now));
  say("at first: flags %d", now.ss_flags);
  use_alternative(0);
  set_handler(SIGUSR1, where_is_the_stack, SA_ONSTACK);
  set_handler(SIGUSR2, where_is_the_stack, 0);
  raise(SIGUSR1);
  say("with ONSTACK: %d, flags %d", on_alternative, stack_in_handler.ss_flags);
  CHECK(stack_in_handler.ss_sp == alternative && stack_in_handler.ss_size == sizeof alternative);
  raise(SIGUSR2);
  say("without: %d, flags %d", on_alternative, stack_in_handler.ss_flags);
  MUST(sigaltstack(NULL, &now));
  say("after: flags %d", now.ss_flags);
}

static void change_stack(int signal) {
  (void)signal;
  stack_t other;
  memset(&other, 0, sizeof other);
  other.ss_sp = alternative;
  other.ss_size = sizeof alternative / 2;
  CHECK_ERR(sigaltstack(&other, NULL), EPERM);
  hits++;
}

CASE(alternative_stack_cannot_change_in_use) {
  use_alternative(0);
  set_handler(SIGUSR1, change_stack, SA_ONSTACK);
  raise(SIGUSR1);
  say("hits %d", hits);
}

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
CASE(alternative_stack_autodisarm) {
  stack_t now;
  use_alternative((int)SS_AUTODISARM);
  set_handler(SIGUSR1, where_is_the_stack, SA_ONSTACK);
  raise(SIGUSR1);
  say("in handler: on it %d, flags %x", on_alternative, (unsigned)stack_in_handler.ss_flags);
  MUST(sigaltstack(NULL, &now));
  say("after: flags %x, same %d", (unsigned)now.ss_flags, now.ss_sp == alternative);
}

CASE(alternative_stack_errors) {
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = alternative;
  stack.ss_size = 100;
  CHECK_ERR(sigaltstack(&stack, NULL), ENOMEM);
  stack.ss_size = sizeof alternative;
  stack.ss_flags = 77;
  CHECK_ERR(sigaltstack(&stack, NULL), EINVAL);
  CHECK_ERR(syscall(SYS_sigaltstack, 16, NULL), EFAULT);
  CHECK_ERR(syscall(SYS_sigaltstack, NULL, 16), EFAULT);
  stack.ss_flags = SS_DISABLE;
  CHECK_EQ(sigaltstack(&stack, NULL), 0);
  say("as documented");
}

static void* stack_of_thread(void* unused) {
  (void)unused;
  stack_t now;
  MUST(sigaltstack(NULL, &now));
  return (void*)(long)now.ss_flags;
}

CASE(threads_start_without_alternative_stack) {
  pthread_t thread;
  void* flags;
  use_alternative(0);
  if (pthread_create(&thread, NULL, stack_of_thread, NULL)) abort();
  pthread_join(thread, &flags);
  say("flags %ld", (long)flags);
}

static int stack_in_child(void* unused) { return (int)(long)stack_of_thread(unused); }
CASE(forked_child_keeps_the_alternative_stack) {
  use_alternative(0);
  say_status("flags in child", run_child(stack_in_child, NULL));
}

static volatile int sink, depth;
__attribute__((noinline)) static int recurse(volatile char* above) {
  volatile char block[1024];
  block[0] = above[0];
  depth++;
  return recurse(block) + block[0];
}

static void on_overflow(int signal, siginfo_t* info, void* context) {
  char local;
  char* volatile here = &local;
  CHECK(here >= alternative && here < alternative + sizeof alternative);
  keep_and_jump(signal, info, context);
}

static void overflow(void) {
  volatile char first[4] = {0};
  use_alternative(0);
  set_info_handler(SIGSEGV, on_overflow, SA_ONSTACK);
  for (volatile int i = 0; i < 2; i++) {
    depth = 0;
    if (sigsetjmp(jump, 1) == 0) sink = recurse(first);
    say("overflow: code %d, deep %d", last.si_code, depth > 10);
  }
}

CASE(stack_overflow_of_main) {
  struct rlimit limit = {1 << 20, 1 << 20};
  MUST(setrlimit(RLIMIT_STACK, &limit));
  overflow();
}

static void* overflow_in_thread(void* unused) {
  overflow();
  return unused;
}

CASE(stack_overflow_of_a_thread) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  if (pthread_create(&thread, &attributes, overflow_in_thread, NULL)) abort();
  pthread_join(thread, NULL);
}

CASE(stack_overflow_without_alternative_stack) {
  volatile char first[4] = {0};
  set_info_handler(SIGSEGV, keep_and_jump, 0);
  struct rlimit limit = {1 << 20, 1 << 20};
  MUST(setrlimit(RLIMIT_STACK, &limit));
  sink = recurse(first);
}

CASE(alternative_stack_is_unusable) {
  use_alternative(0);
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = private_memory(65536, PROT_READ);
  stack.ss_size = 65536;
  MUST(sigaltstack(&stack, NULL));
  set_handler(SIGUSR1, where_is_the_stack, SA_ONSTACK);
  raise(SIGUSR1);
  say("CHECK failed: survived");
}

static void recurse_in_handler(int signal) {
  volatile char first[4] = {(char)signal};
  sink = recurse(first);
}

CASE(alternative_stack_overflows) {
  use_alternative(0);
  static char* small;
  small = private_memory(PAGE * 4, PROT_READ | PROT_WRITE);
  mprotect(small, PAGE * 2, PROT_NONE);
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = small;
  stack.ss_size = PAGE * 4;
  MUST(sigaltstack(&stack, NULL));
  set_handler(SIGUSR1, recurse_in_handler, SA_ONSTACK);
  set_info_handler(SIGSEGV, keep_and_return, SA_ONSTACK);
  raise(SIGUSR1);
}

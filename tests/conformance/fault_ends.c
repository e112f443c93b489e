// Faults that end the process, whatever handlers, masks and dispositions say; faults in handlers and system calls.
#include "tests/conformance/fault.h"

static volatile int sink;

CASE(unhandled_fault) { *(volatile int*)8 = 1; }
CASE(unhandled_illegal_instruction) { __asm__ volatile("ud2"); }
CASE(unhandled_division) {
  volatile int zero = 0;
  sink = 7 / zero;
}
CASE(unhandled_breakpoint) { __asm__ volatile("int3"); }

CASE(unhandled_bus_error) {
  int fd = make_file("empty", "", 0, 0600);
  sink = *(volatile char*)MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
}

CASE(blocked_fault_kills) {
  set_info_handler(SIGSEGV, keep_and_jump, 0);
  block_signal(SIGSEGV);
  *(volatile int*)8 = 1;
}

CASE(ignored_fault_kills) {
  set_handler(SIGSEGV, SIG_IGN, 0);
  *(volatile int*)8 = 1;
}

CASE(ignored_illegal_instruction_kills) {
  set_handler(SIGILL, SIG_IGN, 0);
  __asm__ volatile("ud2");
}

static void fault_again(int signal) {
  say("in handler of %d", signal);
  *(volatile int*)16 = 1;
}

CASE(fault_in_its_own_handler_kills) {
  set_handler(SIGSEGV, fault_again, 0);
  *(volatile int*)8 = 1;
}

static void fault_again_and_leave(int signal) {
  (void)signal;
  if (++hits == 3) siglongjmp(jump, 1);
  *(volatile int*)16 = 1;
}

CASE(fault_in_its_own_open_handler) {
  set_handler(SIGSEGV, fault_again_and_leave, SA_NODEFER);
  if (sigsetjmp(jump, 1) == 0) *(volatile int*)8 = 1;
  say("hits %d", hits);
}

static void other_fault(int signal) {
  say("handler of %d", signal);
  if (signal == SIGSEGV) __asm__ volatile("ud2");
  siglongjmp(jump, 1);
}

CASE(another_fault_in_a_handler) {
  set_handler(SIGSEGV, other_fault, 0);
  set_handler(SIGILL, other_fault, 0);
  if (sigsetjmp(jump, 1) == 0) *(volatile int*)8 = 1;
  say("SEGV blocked %d, ILL blocked %d", is_blocked(SIGSEGV), is_blocked(SIGILL));
}

CASE(fault_in_a_system_call_is_an_error) {
  set_info_handler(SIGSEGV, keep_and_return, 0);
  int ends[2];
  char* page = private_memory(2 * PAGE, PROT_READ | PROT_WRITE);
  MUST(pipe(ends));
  mprotect(page + PAGE, PAGE, PROT_NONE);
  CHECK_ERR(write(ends[1], (void*)16, 1), EFAULT);
  CHECK_ERR(syscall(SYS_stat, 16, page), EFAULT);
  CHECK_ERR(syscall(SYS_stat, ".", page + PAGE - 8), EFAULT);
  CHECK_ERR(write(ends[1], page + PAGE - 10, 20), EFAULT);
  CHECK_EQ(write(ends[1], "abcd", 4), 4);
  CHECK_ERR(read(ends[0], page + PAGE, 4), EFAULT);
  say("hits %d", hits);
}

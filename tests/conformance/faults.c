// Faults of the program and what siginfo and the context say of them.
#include "tests/conformance/fault.h"

static volatile int sink;
static char* volatile pointer;

CASE(read_and_write_of_nothing) {
  pointer = (char*)0x10;
  FAULT(sink = *pointer, 0x10);
  CHECK_EQ(last_registers[REG_CR2], 0x10);
  FAULT(*pointer = 1, 0x10);
  pointer = private_memory(2 * PAGE, PROT_READ | PROT_WRITE);
  munmap(pointer, 2 * PAGE);
  FAULT(sink = pointer[PAGE + 5], pointer + PAGE + 5);
  FAULT(pointer[7] = 1, pointer + 7);
}

CASE(null_has_a_null_address) {
  pointer = NULL;
  FAULT(sink = *pointer, 0);
}

CASE(write_to_read_only) {
  pointer = private_memory(PAGE, PROT_READ);
  sink = *pointer;
  FAULT(pointer[100] = 1, pointer + 100);
  CHECK_EQ(last_registers[REG_CR2], (greg_t)(pointer + 100));
}

CASE(access_to_prot_none) {
  pointer = private_memory(PAGE, PROT_NONE);
  FAULT(sink = *pointer, pointer);
  FAULT(*pointer = 1, pointer);
}

CASE(write_to_code) {
  pointer = (char*)(uintptr_t)keep;
  FAULT(*pointer = 1, pointer);
}

CASE(write_only_can_be_read) {
  pointer = private_memory(PAGE, PROT_WRITE);
  *pointer = 5;
  say("%d", *pointer);
}

CASE(access_across_a_page_end) {
  pointer = private_memory(2 * PAGE, PROT_READ | PROT_WRITE);
  mprotect(pointer + PAGE, PAGE, PROT_NONE);
  FAULT(sink = *(volatile int*)(pointer + PAGE - 2), pointer + PAGE);
}

CASE(non_canonical_address) {
  pointer = (char*)0x0001000000000000;
  FAULT(sink = *pointer, 0);
  pointer = (char*)0xdeadbeefdeadbeef;
  FAULT(*pointer = 1, 0);
}

// The error code depends on whether the kernel's own mappings are there (page table isolation): not compared.
CASE(kernel_address) {
  pointer = (char*)0xffff800000000000;
  catch_all(0);
  if (sigsetjmp(jump, 1) == 0) *pointer = 1;
  say("signal %d, code %d, addr %d", last.si_signo, last.si_code, last.si_addr == pointer);
}

typedef void (*Function)(void);
static Function volatile function;

CASE(execution_of_data) {
  pointer = private_memory(PAGE, PROT_READ | PROT_WRITE);
  *pointer = (char)0xc3;
  function = (Function)(uintptr_t)pointer;
  FAULT(function(), pointer);
  CHECK_EQ(last_registers[REG_RIP], (greg_t)pointer);
  mprotect(pointer, PAGE, PROT_READ | PROT_EXEC);
  function();
  say("executable now");
  mprotect(pointer, PAGE, PROT_READ);
  FAULT(function(), pointer);
}

CASE(execution_of_the_stack) {
  volatile char code[16] = {(char)0xc3};
  function = (Function)(uintptr_t)code;
  FAULT(function(), code);
}

CASE(execution_of_nothing) {
  function = (Function)0;
  FAULT(function(), 0);
  CHECK_EQ(last_registers[REG_RIP], 0);
  function = (Function)0x123000;
  FAULT(function(), 0x123000);
}

CASE(past_the_end_of_a_file) {
  int fd = make_file("data", "abc", 3, 0600);
  pointer = (char*)MUST(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  say("in the last page: %d", pointer[100]);
  FAULT(sink = pointer[PAGE + 9], pointer + PAGE + 9);
  FAULT(pointer[2 * PAGE] = 1, pointer + 2 * PAGE);
  MUST(ftruncate(fd, 2 * PAGE));
  pointer[PAGE + 9] = 1;
  MUST(ftruncate(fd, 0));
  FAULT(sink = pointer[0], pointer);
  FAULT(sink = pointer[PAGE + 9], pointer + PAGE + 9);
}

CASE(division) {
  volatile int zero = 0, minimum = (-2147483647 - 1), minus_one = -1;
  FAULT(sink = 5 / zero, last_registers[REG_RIP]);
  FAULT(sink = minimum / minus_one, last_registers[REG_RIP]);
}

static void unmask_sse(unsigned exceptions) {
  unsigned mxcsr = 0x1f80 & ~(exceptions << 7);
  __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
}

CASE(sse_traps) {
  volatile double zero = 0, one = 1, big = 1e308;
  FAULT(
      {
        unmask_sse(4);
        one = one / zero;
      },
      last_registers[REG_RIP]);
  FAULT(
      {
        unmask_sse(1);
        zero = zero / zero;
      },
      last_registers[REG_RIP]);
  FAULT(
      {
        unmask_sse(8);
        big = big * big;
      },
      last_registers[REG_RIP]);
  FAULT(
      {
        unmask_sse(32);
        one = one / 3;
      },
      last_registers[REG_RIP]);
}

#define X87_TRAP_MASK 0x0360
CASE(x87_trap) {
  static volatile short control = X87_TRAP_MASK;
  FAULT(__asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control)), last_registers[REG_RIP]);
}

CASE(undefined_instruction) { FAULT(__asm__ volatile("ud2"), last_registers[REG_RIP]); }

CASE(privileged_instructions) {
  FAULT(__asm__ volatile("hlt"), 0);
  FAULT(__asm__ volatile("cli"), 0);
  FAULT(__asm__ volatile("in $0x80, %%al" :: : "rax"), 0);
  FAULT(__asm__ volatile("out %%al, $0x80" ::), 0);
  FAULT(__asm__ volatile("mov %%cr0, %%rax" :: : "rax"), 0);
  FAULT(__asm__ volatile("rdmsr" :: : "rax", "rdx"), 0);
}

CASE(misaligned_vector_access) {
  pointer = private_memory(PAGE, PROT_READ | PROT_WRITE);
  FAULT(__asm__ volatile("movaps 1(%0), %%xmm0" ::"r"(pointer) : "xmm0"), 0);
}

static void keep_aligned(int signal, siginfo_t* info, void* context) {
  __asm__ volatile("pushf; andl $~0x40000, (%%rsp); popf" ::: "memory", "cc");  // the handler starts with AC set
  keep_and_jump(signal, info, context);
}

CASE(alignment_check) {
  pointer = private_memory(PAGE, PROT_READ | PROT_WRITE);
  set_info_handler(SIGBUS, keep_aligned, 0);
  if (sigsetjmp(jump, 1) == 0)
    __asm__ volatile("pushf; orl $0x40000, (%%rsp); popf; movl 1(%0), %%eax" ::"r"(pointer) : "rax", "memory", "cc");
  say("signal %d, code %d, trap %lld", last.si_signo, last.si_code, (long long)last_registers[REG_TRAPNO]);
}

extern char after_breakpoint[];
CASE(breakpoint) {
  set_info_handler(SIGTRAP, keep_and_return, 0);
  __asm__ volatile("int3\n.globl after_breakpoint\nafter_breakpoint:");
  say("code %d, after it %d, trap %lld, addr %d", last.si_code, last_registers[REG_RIP] == (greg_t)after_breakpoint,
      (long long)last_registers[REG_TRAPNO], last.si_addr == NULL);
}

CASE(long_breakpoint) {
  set_info_handler(SIGTRAP, keep_and_return, 0);
  __asm__ volatile(".byte 0xcd, 3");
  say("code %d, trap %lld", last.si_code, (long long)last_registers[REG_TRAPNO]);
}

CASE(single_step) {
  set_info_handler(SIGTRAP, keep_and_return, 0);
  __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop; nop; pushf; andl $~0x100, (%%rsp); popf" ::
                       : "memory", "cc");
  say("steps %d, code %d, trap %lld", hits, last.si_code, (long long)last_registers[REG_TRAPNO]);
}

CASE(single_step_over_a_system_call) {
  long result;
  set_info_handler(SIGTRAP, keep_and_return, 0);
  __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; syscall; nop; pushf; andl $~0x100, (%%rsp); popf"
                   : "=a"(result)
                   : "0"((long)SYS_getppid)
                   : "rcx", "r11", "memory", "cc");
  CHECK_EQ(result, getppid());
  say("steps %d", hits);
}

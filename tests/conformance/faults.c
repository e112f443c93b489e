// Faults of the program and what a handler sees and can change: siginfo, context, stacks, sigreturn.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/resource.h>
#include <sys/ucontext.h>

static volatile int hits;
static siginfo_t last;
static greg_t last_registers[23];
static sigjmp_buf jump;

static void keep(siginfo_t* info, void* context) {
  hits++;
  memcpy(&last, info, sizeof last);
  memcpy(last_registers, ((ucontext_t*)context)->uc_mcontext.gregs, sizeof last_registers);
}

static void keep_and_jump(int signal, siginfo_t* info, void* context) {
  keep(info, context);
  siglongjmp(jump, signal);
}

static void catch_all(int flags) {
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

static void say_control_words(const char* where) {
  unsigned short control;
  unsigned vector;
  __asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(control), "=m"(vector));
  say("%s: %#x %#x", where, control, vector);
}

static void handler_with_floats(int signal) {
  (void)signal;
  say_control_words("in the handler");
  __asm__ volatile("fninit; fldz; fldz" :::);
}

CASE(floating_point_state_of_a_handler) {
  static const unsigned short control = 0x0f7f;  // rounds towards zero
  static const unsigned vector = 0x7f80;
  set_handler(SIGUSR1, handler_with_floats, 0);
  __asm__ volatile("fldcw %0; ldmxcsr %1" ::"m"(control), "m"(vector));
  raise(SIGUSR1);
  say_control_words("behind it");
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

static void keep_and_return(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
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

static void allow_page(int signal, siginfo_t* info, void* context) {
  keep_and_return(signal, info, context);
  mprotect((void*)((uintptr_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

CASE(handler_repairs_the_page) {
  set_info_handler(SIGSEGV, allow_page, 0);
  pointer = private_memory(16 * PAGE, PROT_NONE);
  for (int i = 0; i < 16; i++) pointer[i * PAGE + i] = (char)i;
  int sum = 0;
  for (int i = 0; i < 16; i++) sum += pointer[i * PAGE + i];
  say("hits %d, sum %d", hits, sum);
}

static void map_page(int signal, siginfo_t* info, void* context) {
  keep_and_return(signal, info, context);
  mmap((void*)((uintptr_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
       -1, 0);
}

CASE(handler_maps_the_page) {
  set_info_handler(SIGSEGV, map_page, 0);
  pointer = private_memory(8 * PAGE, PROT_NONE);
  munmap(pointer, 8 * PAGE);
  for (int i = 0; i < 8; i++) pointer[i * PAGE] = 3;
  say("hits %d, %d", hits, pointer[7 * PAGE]);
}

static void skip_instruction(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
  ucontext_t* all = (ucontext_t*)context;
  all->uc_mcontext.gregs[REG_RIP] += 2;  // the length of ud2
  all->uc_mcontext.gregs[REG_RBX] = 0x1122334455667788;
  all->uc_mcontext.gregs[REG_R15] = -2;
  all->uc_mcontext.gregs[REG_RAX]++;
}

CASE(handler_changes_registers) {
  long rbx, r15, rax = 41;
  set_info_handler(SIGILL, skip_instruction, 0);
  __asm__ volatile("ud2; mov %%rbx, %1; mov %%r15, %2" : "+a"(rax), "=&r"(rbx), "=&r"(r15) : : "rbx", "r15", "memory");
  say("rbx %lx, r15 %ld, rax %ld", rbx, r15, rax);
}

static void* registers_seen[16];
static void check_registers(int signal, siginfo_t* info, void* context) {
  skip_instruction(signal, info, context);
  greg_t* all = last_registers;
  say("rax %llx rcx %llx rdx %llx rsi %llx rdi %llx r8 %llx r11 %llx r14 %llx", (long long)all[REG_RAX],
      (long long)all[REG_RCX], (long long)all[REG_RDX], (long long)all[REG_RSI], (long long)all[REG_RDI],
      (long long)all[REG_R8], (long long)all[REG_R11], (long long)all[REG_R14]);
  say("cs %llx, flags CF %d ZF %d", (long long)all[REG_CSGSFS] & 0xffff, (int)(all[REG_EFL] & 1),
      (int)(all[REG_EFL] >> 6 & 1));
  (void)registers_seen;
}

CASE(handler_sees_registers) {
  set_info_handler(SIGILL, check_registers, 0);
  __asm__ volatile(
      "mov $0xa1, %%eax; mov $0xa2, %%ecx; mov $0xa3, %%edx; mov $0xa4, %%esi; mov $0xa5, %%edi; mov $0xa6, %%r8d\n"
      "mov $0xa7, %%r11d; mov $0xa8, %%r14d; cmp %%eax, %%eax; stc; ud2" ::
          : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r11", "r14", "r15", "memory", "cc");
  say("done");
}

static void touch_everything(int signal) {
  (void)signal;
  hits++;
  __asm__ volatile(
      "xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx; xor %%esi, %%esi; xor %%edi, %%edi; xor %%r8d, %%r8d\n"
      "xor %%r9d, %%r9d; xor %%r10d, %%r10d; xor %%r11d, %%r11d; pxor %%xmm0, %%xmm0; pxor %%xmm15, %%xmm15; fninit; "
      "fldz" ::
          : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0", "xmm15", "memory", "cc");
}

// A signal raised by the system call in the middle: everything but RAX, RCX and R11 must come back.
CASE(registers_survive_a_handler) {
  long pid = getpid(), tid = my_tid(), rdx, rsi, r8, r9, r10;
  double x87 = 0, xmm = 0;
  set_handler(SIGUSR1, touch_everything, 0);
  static const double three = 3.25;
  __asm__ volatile(
      "fldpi; movsd %[three], %%xmm15\n"
      "mov $0xb8, %%r8d; mov $0xb9, %%r9d; mov $0xba, %%r10d\n"
      "mov %[tgkill], %%eax; mov %[pid], %%rdi; mov %[tid], %%rsi; mov %[usr1], %%edx; syscall\n"
      "mov %%rsi, %[orsi]; mov %%rdx, %[ordx]; mov %%r8, %[or8]; mov %%r9, %[or9]; mov %%r10, %[or10]\n"
      "movsd %%xmm15, %[xmm]; fstpl %[x87]"
      : [ordx] "=m"(rdx), [orsi] "=m"(rsi), [or8] "=m"(r8), [or9] "=m"(r9), [or10] "=m"(r10), [x87] "=m"(x87),
        [xmm] "=m"(xmm)
      : [three] "m"(three), [tgkill] "i"(SYS_tgkill), [usr1] "i"(SIGUSR1), [pid] "m"(pid), [tid] "m"(tid)
      : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm15", "memory", "cc");
  CHECK_EQ(rsi, tid);
  say("hits %d: %ld %lx %lx %lx %.10f %.2f", hits, rdx, r8, r9, r10, x87, xmm);
}

CASE(avx_survives_a_handler) {
  if (!__builtin_cpu_supports("avx")) return say("ymm 1 2 3 4");
  static double in[4] = {1, 2, 3, 4};
  double out[4];
  long pid = getpid(), tid = my_tid();
  set_handler(SIGUSR1, touch_everything, 0);
  __asm__ volatile(
      "vmovupd %[in], %%ymm7; mov %[tgkill], %%eax; mov %[pid], %%rdi; mov %[tid], %%rsi; mov %[usr1], %%edx; syscall\n"
      "vmovupd %%ymm7, %[out]; vzeroupper"
      : [out] "=m"(out)
      : [in] "m"(in), [tgkill] "i"(SYS_tgkill), [usr1] "i"(SIGUSR1), [pid] "m"(pid), [tid] "m"(tid)
      : "rax", "rcx", "rdx", "rsi", "rdi", "r11", "xmm7", "memory", "cc");
  say("ymm %.0f %.0f %.0f %.0f", out[0], out[1], out[2], out[3]);
}

static void edit_vectors(int signal, siginfo_t* info, void* context) {
  skip_instruction(signal, info, context);
  struct _fpstate* state = (struct _fpstate*)((ucontext_t*)context)->uc_mcontext.fpregs;
  double value = 8.5;
  memcpy((char*)state + 160 + 16 * 3, &value, sizeof value);  // XMM3 of the FXSAVE area
  unsigned mxcsr;
  memcpy(&mxcsr, (char*)state + 24, 4);
  say("mxcsr %x, magic %x", mxcsr, *(unsigned*)((char*)state + 464));
  mxcsr |= 0x6000;  // round to zero
  memcpy((char*)state + 24, &mxcsr, 4);
}

CASE(handler_changes_vector_state) {
  double value = 1;
  unsigned mxcsr = 0;
  set_info_handler(SIGILL, edit_vectors, 0);
  __asm__ volatile("movsd %0, %%xmm3; ud2; movsd %%xmm3, %0; stmxcsr %1"
                   : "+m"(value), "=m"(mxcsr)
                   :
                   : "rax", "rbx", "r15", "xmm3", "memory");
  say("xmm3 %.2f, mxcsr %x", value, mxcsr);
}

static void edit_mask(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
  ucontext_t* all = (ucontext_t*)context;
  say("mask in the frame: USR1 %d, TERM %d", sigismember(&all->uc_sigmask, SIGUSR1),
      sigismember(&all->uc_sigmask, SIGTERM));
  sigaddset(&all->uc_sigmask, SIGUSR2);
  sigdelset(&all->uc_sigmask, SIGTERM);
  sigaddset(&all->uc_sigmask, SIGKILL);
}

CASE(handler_changes_the_mask) {
  set_info_handler(SIGUSR1, edit_mask, 0);
  block_signal(SIGTERM);
  raise(SIGUSR1);
  say("USR1 %d, USR2 %d, TERM %d, KILL %d", is_blocked(SIGUSR1), is_blocked(SIGUSR2), is_blocked(SIGTERM),
      is_blocked(SIGKILL));
}

static void landing(void) {
  say("landed, hits %d", hits);
  exit(3);
}

static void redirect(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
  ucontext_t* all = (ucontext_t*)context;
  all->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)landing;
  all->uc_mcontext.gregs[REG_RSP] = (all->uc_mcontext.gregs[REG_RSP] & -16) - 256 - 8;
}

CASE(handler_changes_the_pc) {
  set_info_handler(SIGSEGV, redirect, 0);
  *(volatile int*)8 = 1;
  say("CHECK failed: returned");
}

static void odd_flags(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
  // IOPL, NT, VM and other bits that user mode must not set are ignored by sigreturn.
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_EFL] |= 0x1b3000 | 1;
}

CASE(sigreturn_sanitises_flags) {
  long flags = 0;
  set_info_handler(SIGTRAP, odd_flags, 0);
  __asm__ volatile("int3; pushf; pop %0" : "=r"(flags)::"memory", "cc");
  say("IOPL %ld, VIF %ld, CF %ld", flags >> 12 & 3, flags >> 19 & 3, flags & 1);
}

static void bad_segment(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] = 0x8000000000000000;
}

CASE(sigreturn_to_a_non_canonical_pc) {
  set_info_handler(SIGTRAP, bad_segment, 0);
  catch_all(0);
  set_info_handler(SIGTRAP, bad_segment, 0);
  if (sigsetjmp(jump, 1) == 0)
    __asm__ volatile("int3");
  else
    say("signal %d, code %d", last.si_signo, last.si_code);
}

CASE(sigreturn_without_a_frame) {
  __asm__ volatile("mov $8, %%esp; mov $15, %%eax; syscall" ::: "rax", "rcx", "r11", "memory");
}

static uintptr_t handler_stack;
static int handler_flags;
__attribute__((noinline)) static void look_at_stack(int signal) {
  (void)signal;
  unsigned long flags;
  __asm__ volatile("pushf; pop %0" : "=r"(flags));
  handler_flags = (int)(flags >> 10 & 1);
  handler_stack = (uintptr_t)__builtin_frame_address(0) + 8;
}

CASE(stack_is_aligned_and_df_clear) {
  set_handler(SIGUSR1, look_at_stack, 0);
  long pid = getpid(), tid = my_tid();
  __asm__ volatile("std; mov %[tgkill], %%eax; mov %[pid], %%rdi; mov %[tid], %%rsi; mov %[usr1], %%edx; syscall; cld"
                   :
                   : [tgkill] "i"(SYS_tgkill), [usr1] "i"(SIGUSR1), [pid] "m"(pid), [tid] "m"(tid)
                   : "rax", "rcx", "rdx", "rsi", "rdi", "r11", "memory", "cc");
  say("stack mod 16 %d, DF %d", (int)(handler_stack % 16), handler_flags);
}

CASE(red_zone_survives) {
  long value = 0, pid = getpid(), tid = my_tid();
  set_handler(SIGUSR1, look_at_stack, 0);
  __asm__ volatile(
      "movq $0x5a5a, -128(%%rsp); movq $0x5a5b, -8(%%rsp)\n"
      "mov %[tgkill], %%eax; mov %[usr1], %%edx; syscall\n"
      "mov -128(%%rsp), %[value]; add -8(%%rsp), %[value]"
      : [value] "=&r"(value)
      : [tgkill] "i"(SYS_tgkill), [usr1] "i"(SIGUSR1), "D"(pid), "S"(tid)
      : "rax", "rcx", "rdx", "r11", "memory", "cc");
  say("%lx", value);
}

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

static volatile int depth;
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

static void* fault_in_thread(void* number) {
  static __thread sigjmp_buf mine;
  (void)mine;
  for (int i = 0; i < 50; i++) {
    char* page = private_memory(PAGE, PROT_NONE);
    page[(long)number] = 1;
    munmap(page, PAGE);
  }
  return NULL;
}

static void allow_quietly(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  __atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
  mprotect((void*)((uintptr_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

CASE(threads_fault_at_once) {
  pthread_t threads[4];
  set_info_handler(SIGSEGV, allow_quietly, 0);
  for (long i = 0; i < 4; i++)
    if (pthread_create(&threads[i], NULL, fault_in_thread, (void*)i)) abort();
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  say("hits %d", hits);
}

static void blocked_in_handler(int signal, siginfo_t* info, void* context) {
  (void)signal;
  keep(info, context);
  say("SEGV %d, USR1 %d", is_blocked(SIGSEGV), is_blocked(SIGUSR1));
  siglongjmp(jump, 1);
}

CASE(mask_in_a_fault_handler) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = blocked_in_handler;
  action.sa_flags = SA_SIGINFO;
  sigaddset(&action.sa_mask, SIGUSR1);
  MUST(sigaction(SIGSEGV, &action, NULL));
  if (sigsetjmp(jump, 1) == 0) *(volatile int*)8 = 1;
  say("SEGV %d, USR1 %d", is_blocked(SIGSEGV), is_blocked(SIGUSR1));
}

// The PC that a handler sees when a call was interrupted: behind the SYSCALL instruction, RAX holding -EINTR.
extern char after_pause[];
CASE(context_of_an_interrupted_call) {
  set_info_handler(SIGALRM, keep_and_return, 0);
  alarm(1);
  long result;
  __asm__ volatile("syscall\n.globl after_pause\nafter_pause:"
                   : "=a"(result)
                   : "0"((long)SYS_pause)
                   : "rcx", "r11", "memory");
  say("result %ld, rip after it %d, rax %lld", result, last_registers[REG_RIP] == (greg_t)after_pause,
      (long long)last_registers[REG_RAX]);
}

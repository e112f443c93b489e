// What a handler sees and can change: registers, vector state, masks, the program counter; sigreturn.
#include "tests/conformance/fault.h"

#include <pthread.h>

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

static void allow_page(int signal, siginfo_t* info, void* context) {
  keep_and_return(signal, info, context);
  mprotect((void*)((uintptr_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

CASE(handler_repairs_the_page) {
  set_info_handler(SIGSEGV, allow_page, 0);
  char* volatile pointer = private_memory(16 * PAGE, PROT_NONE);
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
  char* volatile pointer = private_memory(8 * PAGE, PROT_NONE);
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

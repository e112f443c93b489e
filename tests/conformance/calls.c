// How a system call looks from the outside, whichever way it is made: registers, kicks on every instruction, who it is
// made for. Each case makes enough calls in a row that those that need no exit take none.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>

#define ROUNDS 300
#define TRAP_FLAG 0x100
#define ARITHMETIC_FLAGS 0x8d5L

static volatile int hits;
static void hit(int signal) {
  (void)signal;
  hits++;
}

// In: the arguments, and the flags before. Out: what SYSCALL leaves, and the address behind it.
struct Registers {
  uint64_t rax, rdi, rsi, rdx, r10, r8, r9, flags, rcx, r11, next;
};

void make_call(struct Registers* registers);
extern const char make_call_syscall[];
__asm__(
    "        .text\n"
    "        .globl make_call, make_call_syscall\n"
    "make_call:\n"
    "        push %rbx\n"
    "        mov %rdi, %rbx\n"
    "        mov 0(%rbx), %rax\n"
    "        mov 16(%rbx), %rsi\n"
    "        mov 24(%rbx), %rdx\n"
    "        mov 32(%rbx), %r10\n"
    "        mov 40(%rbx), %r8\n"
    "        mov 48(%rbx), %r9\n"
    "        mov 8(%rbx), %rdi\n"
    "        pushq 56(%rbx)\n"
    "        popf\n"
    "make_call_syscall:\n"
    "        syscall\n"
    "1:      mov %r11, 72(%rbx)\n"
    "        pushf\n"
    "        pop 56(%rbx)\n"
    "        mov %rax, 0(%rbx)\n"
    "        mov %rdi, 8(%rbx)\n"
    "        mov %rsi, 16(%rbx)\n"
    "        mov %rdx, 24(%rbx)\n"
    "        mov %r10, 32(%rbx)\n"
    "        mov %r8, 40(%rbx)\n"
    "        mov %r9, 48(%rbx)\n"
    "        mov %rcx, 64(%rbx)\n"
    "        lea 1b(%rip), %rcx\n"
    "        mov %rcx, 80(%rbx)\n"
    "        pushq $0x202\n"
    "        popf\n"
    "        pop %rbx\n"
    "        ret\n");

static struct Registers registers_for(long number, long first, void* second, long third, long flags) {
  struct Registers registers = {(uint64_t)number,
                                (uint64_t)first,
                                (uint64_t)second,
                                (uint64_t)third,
                                0x1010101010101010,
                                0x0808080808080808,
                                0x0909090909090909,
                                (uint64_t)flags,
                                0,
                                0,
                                0};
  registers.r10 = 0;  // the offset of pread
  return registers;
}

// One call; everything but its result is what it was.
static long checked_call(long number, long first, void* second, long third, long flags) {
  const struct Registers before = registers_for(number, first, second, third, flags);
  struct Registers after = before;
  make_call(&after);
  CHECK_EQ(after.rdi, before.rdi);
  CHECK_EQ(after.rsi, before.rsi);
  CHECK_EQ(after.rdx, before.rdx);
  CHECK_EQ(after.r10, before.r10);
  CHECK_EQ(after.r8, before.r8);
  CHECK_EQ(after.r9, before.r9);
  CHECK_EQ(after.flags, before.flags);
  CHECK_EQ(after.r11, before.flags);
  CHECK_EQ(after.rcx, after.next);
  return (long)after.rax;
}

static char block[64];

// One call of each way.
static void checked_calls(int fd, long flags) {
  static const char content[] = "0123456789";
  CHECK_EQ(checked_call(SYS_getpid, 1, NULL, 2, flags), getpid());
  CHECK_EQ(checked_call(SYS_gettid, 1, NULL, 2, flags), my_tid());
  CHECK_EQ(checked_call(SYS_getppid, 1, NULL, 2, flags), getppid());
  memset(block, 0, sizeof block);
  CHECK_EQ(checked_call(SYS_pread64, fd, block, 10, flags), 10);
  CHECK(!memcmp(block, content, 10));
  CHECK_EQ(checked_call(SYS_pread64, fd, (void*)8, 10, flags), -EFAULT);
  CHECK_EQ(checked_call(SYS_lseek, fd, (void*)3, SEEK_SET, flags), 3);
  CHECK_EQ(checked_call(SYS_close, -1, NULL, 0, flags), -EBADF);
  CHECK_EQ(checked_call(SYS_dup, 1 << 20, NULL, 0, flags), -EBADF);
  CHECK_EQ(checked_call(SYS_sched_yield, 0, NULL, 0, flags), 0);
  CHECK_EQ(checked_call(1000, 0, NULL, 0, flags), -ENOSYS);
  CHECK_EQ(checked_call(-1, 0, NULL, 0, flags), -ENOSYS);
}

CASE(registers) {
  const int fd = make_file("data", "0123456789", 10, 0600);
  for (int i = 0; i < ROUNDS; i++) {
    checked_calls(fd, 0x202);
    checked_calls(fd, 0x202 | ARITHMETIC_FLAGS);
  }
}

// Signals that come often: each finds the payload at some instruction, and none of its calls is lost, made
// twice, or sees another's registers.
static void check_program_counter(int signal, siginfo_t* info, void* opaque) {
  (void)signal, (void)info;
  const ucontext_t* context = (const ucontext_t*)opaque;
  const uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
  if (rip >= 0x6f0000000000 && rip < 0x700000000000) failed_checks++;
  // A handler makes calls too.
  if (getppid() <= 0 || lseek(0, 0, SEEK_CUR) == 7) failed_checks++;
  hits++;
}

static void kicked(int flags, void (*body)(int fd)) {
  const int fd = make_file("data", "0123456789", 10, 0600);
  const struct itimerval often = {{0, 1300}, {0, 1300}}, never = {{0, 0}, {0, 0}};
  set_info_handler(SIGALRM, check_program_counter, flags);
  MUST(setitimer(ITIMER_REAL, &often, NULL));
  for (int i = 0; i < ROUNDS || hits < 50; i++) body(fd);
  MUST(setitimer(ITIMER_REAL, &never, NULL));
}

static void all_registers(int fd) {
  checked_calls(fd, 0x202);
  checked_calls(fd, 0x202 | ARITHMETIC_FLAGS);
}

static void counted_writes(int fd) {
  const off_t before = MUST(lseek(fd, 0, SEEK_END));
  for (int i = 0; i < 10; i++) CHECK_EQ(write(fd, "abc", 3), 3);
  CHECK_EQ(MUST(lseek(fd, 0, SEEK_CUR)), before + 30);
}

static void opens_and_closes(int fd) {
  const int second = MUST(open("data", O_RDONLY | O_CLOEXEC));
  CHECK_EQ(second, fd + 1);
  struct stat info;
  CHECK_EQ(fstat(second, &info), 0);
  CHECK_EQ(close(second), 0);
  CHECK_ERR(close(second), EBADF);
}

CASE(kicks_and_registers) { kicked(SA_RESTART, all_registers); }
CASE(kicks_and_registers_without_restart) { kicked(0, all_registers); }
CASE(kicks_and_writes) { kicked(0, counted_writes); }
CASE(kicks_and_opens) { kicked(0, opens_and_closes); }

// A program that single-steps itself: SYSCALL is one instruction.
static volatile uint64_t last_step;
static volatile int steps, strange_steps;
static void on_step(int signal, siginfo_t* info, void* opaque) {
  (void)signal, (void)info;
  ucontext_t* context = (ucontext_t*)opaque;
  const uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP], start = (uint64_t)make_call;
  if (rip - start >= 512) {
    if (steps > 0) context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    return;
  }
  if (last_step == rip) strange_steps++;
  last_step = rip;
  steps++;
}

static void step_over(const char* what, long number, long first, void* second, long third) {
  struct Registers registers = registers_for(number, first, second, third, 0x202 | TRAP_FLAG);
  steps = strange_steps = 0;
  last_step = 0;
  make_call(&registers);
  say("%s: %d steps, %d strange", what, steps, strange_steps);
}

CASE(single_steps) {
  const int fd = make_file("data", "0123456789", 10, 0600);
  set_info_handler(SIGTRAP, on_step, 0);
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 20; i++) checked_calls(fd, 0x202);
    step_over("getpid", SYS_getpid, 0, NULL, 0);
    step_over("getppid", SYS_getppid, 0, NULL, 0);
    step_over("pread", SYS_pread64, fd, block, 4);
    step_over("sched_yield", SYS_sched_yield, 0, NULL, 0);
  }
}

// A call that turns out to wait for somebody ends when a signal comes.
static void* signal_later(void* argument) {
  const pid_t tid = *(pid_t*)argument;
  wait_asleep(tid);
  MUST(syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
  return NULL;
}

static void* write_later(void* argument) {
  signal_later(argument);
  wait_value(&hits, 1);
  wait_asleep(*(pid_t*)argument);
  const int fd = MUST(open("pipe", O_WRONLY | O_CLOEXEC));
  nap_ms(20);
  close(fd);
  return NULL;
}

static void open_interrupted(int flags, void* (*other)(void*)) {
  pid_t tid = my_tid();
  pthread_t thread;
  hits = 0;
  set_handler(SIGUSR1, hit, flags);
  for (int i = 0; i < ROUNDS; i++) getppid();
  if (pthread_create(&thread, NULL, other, &tid)) abort();
  for (int i = 0; i < ROUNDS; i++) getppid();
  errno = 0;
  const int fd = open("pipe", O_RDONLY | O_CLOEXEC);
  say("open: %d, errno %d, hits %d", fd >= 0, errno, hits);
  if (fd >= 0) close(fd);
  pthread_join(thread, NULL);
}

CASE(open_of_a_pipe_is_interrupted) {
  MUST(mkfifo("pipe", 0600));
  for (int i = 0; i < 3; i++) open_interrupted(0, signal_later);
}

CASE(open_of_a_pipe_is_restarted) {
  MUST(mkfifo("pipe", 0600));
  for (int i = 0; i < 3; i++) open_interrupted(SA_RESTART, write_later);
}

// Others go on while one thread's call waits.
static void* open_pipe(void* unused) {
  for (int i = 0; i < ROUNDS; i++) getppid();
  close(MUST(open("pipe", O_RDONLY | O_CLOEXEC)));
  return unused;
}

CASE(others_go_on) {
  pthread_t thread;
  MUST(mkfifo("pipe", 0600));
  if (pthread_create(&thread, NULL, open_pipe, NULL)) abort();
  nap_ms(50);
  const int fd = make_file("data", "0123456789", 10, 0600);
  for (int i = 0; i < ROUNDS; i++) checked_calls(fd, 0x202);
  pid_t pid = MUST(fork());
  if (pid == 0) {
    for (int i = 0; i < ROUNDS; i++) checked_calls(fd, 0x202);
    _exit(failed_checks != 0);
  }
  say_status("child", wait_for(pid));
  close(MUST(open("pipe", O_WRONLY | O_CLOEXEC)));
  pthread_join(thread, NULL);
}

// Who one is.
static int ids_are_right(pid_t parent) {
  for (int i = 0; i < ROUNDS; i++) {
    if (getppid() != parent || getpid() == parent || my_tid() != getpid()) return 0;
  }
  return 1;
}

static void* other_tid(void* argument) {
  const pid_t leader = *(pid_t*)argument;
  for (int i = 0; i < ROUNDS; i++) CHECK(my_tid() != leader && getpid() == leader);
  return NULL;
}

CASE(ids_of_processes_and_threads) {
  pid_t self = getpid();
  for (int round = 0; round < 5; round++) {
    pid_t pid = MUST(fork());
    if (pid == 0) _exit(!ids_are_right(self));
    say_status("fork", wait_for(pid));
    pid = vfork();
    if (pid == 0) _exit(!(getpid() != self && my_tid() == getpid() && getppid() == self));
    CHECK_EQ(getpid(), self);
    CHECK_EQ(my_tid(), self);
    say_status("vfork", wait_for(pid));
    pthread_t thread;
    if (pthread_create(&thread, NULL, other_tid, &self)) abort();
    for (int i = 0; i < ROUNDS; i++) CHECK_EQ(getpid(), self);
    pthread_join(thread, NULL);
  }
}

HELPER(exec_ids) {
  const pid_t self = atoi(argv[2]);
  for (int i = 0; i < ROUNDS; i++) CHECK_EQ(getpid(), self);
  say("the same process");
}

CASE(ids_after_exec) {
  char text[32];
  for (int i = 0; i < ROUNDS; i++) getppid();
  snprintf(text, sizeof text, "%d", getpid());
  exec_self("exec_ids", text, NULL, NULL);
}

// A thread's credentials are its own, at once, and nobody else's.
static volatile int turn;
static void* other_user(void* unused) {
  for (int i = 0; i < ROUNDS; i++) getppid();
  MUST(syscall(SYS_setresuid, 12345, 12345, 0));
  for (int i = 0; i < ROUNDS; i++) CHECK_EQ(syscall(SYS_getuid), 12345);
  for (int i = 0; i < ROUNDS; i++) CHECK_ERR(access("secret", R_OK), EACCES);
  for (int i = 0; i < ROUNDS; i++) CHECK_ERR(open("secret", O_RDONLY | O_CLOEXEC), EACCES);
  turn = 1;
  wait_value(&turn, 2);
  MUST(syscall(SYS_setresuid, 0, 0, 0));
  for (int i = 0; i < ROUNDS; i++) close(MUST(open("secret", O_RDONLY | O_CLOEXEC)));
  return unused;
}

CASE(users_of_threads) {
  if (getuid() != 0) return say("root only");
  close(make_file("secret", "x", 1, 0600));
  pthread_t thread;
  if (pthread_create(&thread, NULL, other_user, NULL)) abort();
  while (turn == 0) {
    CHECK_EQ(syscall(SYS_getuid), 0);
    close(MUST(open("secret", O_RDONLY | O_CLOEXEC)));
  }
  for (int i = 0; i < ROUNDS; i++) close(MUST(open("secret", O_RDONLY | O_CLOEXEC)));
  turn = 2;
  pthread_join(thread, NULL);
  for (int i = 0; i < ROUNDS; i++) close(MUST(open("secret", O_RDONLY | O_CLOEXEC)));
}

CASE(user_of_the_process) {
  if (getuid() != 0) return say("root only");
  close(make_file("secret", "x", 1, 0600));
  for (int i = 0; i < ROUNDS; i++) close(MUST(open("secret", O_RDONLY | O_CLOEXEC)));
  MUST(setresgid(54321, 54321, 54321));
  MUST(setresuid(12345, 12345, 12345));
  for (int i = 0; i < ROUNDS; i++) CHECK_ERR(open("secret", O_RDONLY | O_CLOEXEC), EACCES);
  say("%d %d %d %d", getuid(), geteuid(), getgid(), getegid());
}

// The umask and the working directory are the process's, whoever changed them.
static void* change_directory(void* unused) {
  MUST(chdir("folder"));
  umask(027);
  return unused;
}

CASE(umask_and_directory) {
  MUST(mkdir("folder", 0700));
  for (int round = 0; round < 3; round++) {
    umask(077);
    for (int i = 0; i < ROUNDS; i++) CHECK_ERR(access("inside", F_OK), ENOENT);
    close(make_file("folder/inside", "", 0, 0600));
    pthread_t thread;
    if (pthread_create(&thread, NULL, change_directory, NULL)) abort();
    pthread_join(thread, NULL);
    for (int i = 0; i < ROUNDS; i++) CHECK_EQ(access("inside", F_OK), 0);
    struct stat info;
    const int fd = MUST(open("made", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    MUST(fstat(fd, &info));
    say("mode %o", info.st_mode & 0777);
    close(fd);
    MUST(unlink("made"));
    MUST(unlink("inside"));
    MUST(chdir(".."));
  }
}

// /proc knows the thread that asks, and no other one of ours.
static void say_threads(void) {
  char text[4096], link[64];
  for (int i = 0; i < ROUNDS; i++) getppid();
  const char* threads = strstr(read_text("/proc/self/status", text, sizeof text), "\nThreads:");
  say("Threads: %d", threads ? atoi(threads + 9) : -1);
  for (int i = 0; i < 20; i++) {
    ssize_t size = MUST(readlink("/proc/thread-self", link, sizeof link - 1));
    char wanted[64];
    link[size] = 0;
    snprintf(wanted, sizeof wanted, "%d/task/%d", getpid(), my_tid());
    CHECK(!strcmp(link, wanted));
  }
  MUST(chdir("/proc"));
  for (int i = 0; i < 20; i++) {
    ssize_t size = MUST(readlink("thread-self", link, sizeof link - 1));
    link[size] = 0;
    CHECK_EQ(atoi(strrchr(link, '/') + 1), my_tid());
    read_text("thread-self/stat", text, sizeof text);
    CHECK_EQ(atoi(text), my_tid());
  }
}

static void* say_threads_too(void* unused) {
  say_threads();
  return unused;
}

CASE(own_thread_in_proc) {
  pthread_t thread;
  say_threads();
  if (pthread_create(&thread, NULL, say_threads_too, NULL)) abort();
  pthread_join(thread, NULL);
}

// Limits that send a signal to the thread that writes.
static void count_file_size(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)context;
  hits += info->si_pid == getpid() ? 1 : 100;
}

CASE(file_size_signals) {
  const struct rlimit limit = {10, RLIM_INFINITY};
  const int fd = make_file("data", "0123456789", 10, 0600);
  set_info_handler(SIGXFSZ, count_file_size, 0);
  MUST(setrlimit(RLIMIT_FSIZE, &limit));
  for (int i = 0; i < ROUNDS; i++) {
    getppid();
    CHECK_ERR(pwrite(fd, "x", 1, 10), EFBIG);
  }
  say("hits %d", hits);
}

// Descriptors that change what they are under a call that reads.
static volatile int is_over;
static void* exchange_descriptor(void* argument) {
  const int* fds = (const int*)argument;
  for (int i = 0; i < 2000; i++) {
    MUST(dup2(fds[i & 1], 100));
  }
  MUST(dup2(fds[0], 100));
  is_over = 1;
  return NULL;
}

CASE(descriptors_that_change) {
  int pipe_fds[2], fds[2];
  char text[16];
  pthread_t thread;
  fds[0] = make_file("data", "0123456789", 10, 0600);
  MUST(pipe(pipe_fds));
  fds[1] = pipe_fds[0];
  MUST(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK));
  MUST(dup2(fds[0], 100));
  if (pthread_create(&thread, NULL, exchange_descriptor, fds)) abort();
  while (!is_over) {
    const ssize_t size = read(100, text, 1);
    if (size == 0) MUST(lseek(fds[0], 0, SEEK_SET));
    if (size < 0) CHECK(errno == EAGAIN || errno == EBADF);  // km's dup2 is no single step for others
  }
  pthread_join(thread, NULL);
  MUST(lseek(100, 0, SEEK_SET));
  CHECK_EQ(read(100, text, 16), 10);
}

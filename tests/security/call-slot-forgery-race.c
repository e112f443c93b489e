// Promises 1, 2 and 5. The memory through which calls reach the monitor without an exit is the payload's to write: its
// threads forge calls there, change them while they are made, and jump into the middle of the code that posts them.
// What needs the thread itself is never made, no check is skipped, and whoever plays by the rules is not disturbed.

// natively: held
// calls: exitless
#include "attack.h"

#include <setjmp.h>
#include <sys/uio.h>

enum { kThreads = 4, kIdle = 0, kPosted = 1, kDone = 2 };

struct Slot {
  _Atomic uint32_t state;
  uint32_t padding;
  _Atomic uint64_t number;
  _Atomic uint64_t arguments[6];
  uint64_t rcx, r11;
  _Atomic int64_t result;
};
static struct Slot* const slot = (struct Slot*)0x6f8000001000;
static char* const table = (char*)0x6f8000002000;
static char* const stub = (char*)0x6f8000000000;
static int file;
static char was_open[1403];  // what whoever runs this has left open

static sigjmp_buf away;
static void jump_away(int signal) { siglongjmp(away, signal); }

static int reads_at(const volatile char* address) {
  signal(SIGSEGV, jump_away);
  const int faulted = sigsetjmp(away, 1);
  if (faulted == 0) (void)*address;
  signal(SIGSEGV, SIG_DFL);
  return faulted == 0;
}

static int writes_at(volatile char* address) {
  signal(SIGSEGV, jump_away);
  const int faulted = sigsetjmp(away, 1);
  if (faulted == 0) *address = *address;
  signal(SIGSEGV, SIG_DFL);
  return faulted == 0;
}

static uint32_t next_random(uint32_t* state) {
  *state = *state * 1664525 + 1013904223;
  return *state >> 8;
}

// Calls that no other thread may make for this one, or that end or change the process.
static const int kNever[] = {SYS_exit_group, SYS_exit,   SYS_execve,       SYS_fork,       SYS_vfork, SYS_clone,
                             SYS_kill,       SYS_setuid, SYS_rt_sigreturn, SYS_arch_prctl, SYS_futex, SYS_pause,
                             SYS_nanosleep,  SYS_ptrace, SYS_tkill,        SYS_prctl};
static const int kMaybe[] = {SYS_read,   SYS_pread64,    SYS_write,      SYS_pwrite64, SYS_readv,
                             SYS_fstat,  SYS_close,      SYS_getcwd,     SYS_getppid,  SYS_uname,
                             SYS_openat, SYS_readlinkat, SYS_getdents64, SYS_statfs};

static void post(uint64_t number, uint64_t a, uint64_t b, uint64_t c) {
  // What was not answered in time may be answered later: an exit takes it back, or waits for it.
  if (slot->state == kPosted) syscall(SYS_sched_yield);
  slot->number = number;
  slot->arguments[0] = a;
  slot->arguments[1] = b;
  slot->arguments[2] = c;
  slot->arguments[3] = 0;
  slot->state = kPosted;
}

static int is_done(void) {
  for (int i = 0; i < 20000 && slot->state == kPosted; ++i) __asm__ volatile("pause");
  return slot->state == kDone;
}

static void keep_server_awake(void) {
  for (int i = 0; i < 3; ++i) syscall(SYS_getppid);
}

static atomic_int made;
static void post_what_may_be_made(void) {
  post(SYS_getppid, 0, 0, 0);
  if (is_done()) made = 1;
}

static void post_what_is_never_made(uint32_t* random) {
  const int number = kNever[next_random(random) % (sizeof kNever / sizeof *kNever)];
  post((uint64_t)number, 0, target, 0);
  if (is_done()) broke("call %d was made by another thread: %ld", number, (long)slot->result);
}

static void post_with_forbidden_arguments(uint32_t* random) {
  char buffer[sizeof(struct stat)];
  const uint64_t descriptor = 3 + next_random(random) % 1400;
  post(SYS_pread64, (uint64_t)file, target, 32);
  if (is_done() && slot->result != -EFAULT) broke("read into the monitor: %ld", (long)slot->result);
  post(SYS_pwrite64, (uint64_t)file, target, 32);
  if (is_done() && slot->result != -EFAULT) broke("wrote from the monitor: %ld", (long)slot->result);
  if ((int)descriptor == file || was_open[descriptor]) return;
  post(SYS_fstat, descriptor, (uint64_t)buffer, 0);
  if (is_done() && slot->result != -EBADF) broke("descriptor %d exists: %ld", (int)descriptor, (long)slot->result);
  post(0xffffffff00000000u | next_random(random), target, target, target);
  if (is_done() && slot->result == 0 && (slot->number & 0xffffffff) > 511) broke("no such call was made");
}

// While it is made: other numbers, other arguments, other states; and a real call meanwhile, whose result may be that
// of the forged one: what a thread forges is its own loss.
static void post_and_change(uint32_t* random) {
  static char buffer[1 << 16];  // room for whatever is written, struct stat too
  const int number = kMaybe[next_random(random) % (sizeof kMaybe / sizeof *kMaybe)];
  if (number == SYS_close) return;
  post((uint64_t)number, (uint64_t)file, (uint64_t)buffer, 16);
  for (uint32_t i = next_random(random) % 200; i > 0; --i) {
    slot->arguments[1] = i & 1 ? target : (uint64_t)buffer;
    slot->arguments[2] = next_random(random) % sizeof buffer;
    slot->number = (uint64_t)kNever[i % (sizeof kNever / sizeof *kNever)];
    if (i % 16 == 0) slot->state = next_random(random) % 5;
  }
  slot->state = kIdle;
  slot->number = 0;
  char name[64];
  syscall(SYS_getcwd, name, sizeof name);
  syscall(SYS_sched_yield);
}

static void* forge(void* seed) {
  uint32_t random = (uint32_t)(intptr_t)seed * 7919 + 1;
  while (attacking()) {
    keep_server_awake();
    post_what_may_be_made();
    post_what_is_never_made(&random);
    post_with_forbidden_arguments(&random);
    keep_server_awake();
    post_and_change(&random);
  }
  slot->state = kIdle;
  return 0;
}

// A process may hurt itself this way, and nobody else.
static void jump_into_stub(uint32_t* random) {
  const pid_t child = start_process();
  if (child == 0) {
    alarm(2);
    for (int i = 0; i < 8; ++i) {
      const char* const entry = stub + next_random(random) % 400;
      long rax = SYS_getppid;
      keep_server_awake();
      __asm__ volatile("lea 1f(%%rip), %%rcx\n\tjmp *%1\n1:" : "+a"(rax) : "b"(entry) : "rcx", "rdx", "r11", "memory");
    }
    _exit(0);
  }
  const int status = status_of(child);
  if (WIFEXITED(status) && WEXITSTATUS(status) > 1) broke("a child ended with %#x", status);
  ++*random;
}

static void* work(void* unused) {
  while (attacking()) {
    struct stat info;
    if (stat("/", &info) != 0 || !S_ISDIR(info.st_mode)) broke("work was disturbed: %d", errno);
  }
  return unused;
}

int main(void) {
  for (int i = 0; i < (int)sizeof was_open; ++i) was_open[i] = fcntl(i, F_GETFD) >= 0;
  file = open("slot-file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || write(file, "0123456789abcdef0123456789abcdef", 32) != 32) failed("slot-file");
  if (!reads_at((char*)slot)) held();  // natively
  if (writes_at(table)) broke("the table of classes can be written");
  if (writes_at(stub)) broke("the stub can be written");
  pthread_t threads[kThreads + 1];
  threads[kThreads] = start_thread(work, 0);
  for (int i = 0; i < kThreads; ++i) threads[i] = start_thread(forge, (void*)(intptr_t)i);
  uint32_t random = 17;
  for (int i = 0; i < 40 && attacking(); ++i) jump_into_stub(&random);  // each may leave a line in the log
  for (int i = 0; i <= kThreads; ++i) pthread_join(threads[i], 0);
  errno = 0;
  if (!made) failed("no forged call was ever looked at");
  held();
}

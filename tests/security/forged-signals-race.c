// Promises 1 and 6. Signals with forged contents (faults at addresses of the attacker's choice, every number, queues
// that overflow) arrive in every thread while it is inside the monitor: each reaches the payload's handler or does
// nothing.

// natively: held
#include "attack.h"

#include <sys/resource.h>

static atomic_int handled, wrong;

static void handler(int signal, siginfo_t* info, void* context) {
  ++handled;
  const int is_fault = signal == SIGSEGV && info->si_code > 0;
  if (is_fault && info->si_addr != (void*)target && info->si_addr != (void*)0x12345000) ++wrong;
}

static atomic_int tids[4];

// In the monitor nearly all the time: copies that may fault, blocking calls, memory.
static void* be_in_the_monitor(void* slot) {
  *(atomic_int*)slot = (int)syscall(SYS_gettid);
  static char zeroes[65536];
  const int fd = open("/dev/zero", O_RDWR);
  while (attacking()) {
    struct stat info;
    CALL(SYS_fstat, fd, 0x12345000);
    CALL(SYS_stat, "/", &info);
    CALL(SYS_read, fd, zeroes, sizeof zeroes);
    void* memory = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) memset(memory, 1, 65536);
    munmap(memory, 65536);
    struct timespec instant = {0, 1000};
    nanosleep(&instant, 0);
  }
  return 0;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
  for (int signal = 1; signal <= 64; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) syscall(SYS_rt_sigaction, signal, NULL, NULL, 8);
    if (signal != SIGKILL && signal != SIGSTOP && signal != 32 && signal != 33) sigaction(signal, &action, NULL);
  }
  const struct rlimit few = {64, 64};
  setrlimit(RLIMIT_SIGPENDING, &few);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) threads[i] = start_thread(be_in_the_monitor, &tids[i]);
  for (unsigned round = 0; attacking(); ++round) {
    siginfo_t info = {.si_signo = SIGSEGV, .si_code = round % 2 ? SEGV_MAPERR : SI_KERNEL};
    info.si_addr = (void*)(round % 3 ? target : 0x12345000);
    const int tid = tids[round % 4];
    if (tid == 0) continue;
    const int number = round % 7 == 0 ? SIGBUS : SIGSEGV;
    info.si_signo = number;
    CALL(SYS_rt_tgsigqueueinfo, getpid(), tid, number, &info);
    const int other = 1 + (int)(round % 64);
    if (other != SIGKILL && other != SIGSTOP && other != 32 && other != 33) CALL(SYS_tgkill, getpid(), tid, other);
  }
  for (int i = 0; i < 4; ++i) join(threads[i]);
  if (handled == 0) cannot("handle signals");
  if (wrong != 0) broke("%d faults had contents nobody sent", wrong);
  held();
}

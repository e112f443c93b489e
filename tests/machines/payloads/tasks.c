// Threads, signal handlers and processes; prints what every run must print. Called with `child` it is the program that
// a child of its own executes.
#define _GNU_SOURCE
#include <errno.h>
#include <immintrin.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kThreads = 4, kTurns = 50 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, total;
static __thread int own;

// Each thread waits for its turn, so that every step blocks in a futex and is woken by another thread.
static void* take_turns(void* argument) {
  int number = (int)(intptr_t)argument;
  for (int i = 0; i < kTurns; ++i) {
    pthread_mutex_lock(&lock);
    while (turn % kThreads != number) pthread_cond_wait(&changed, &lock);
    ++turn;
    total += number;
    ++own;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
  }
  return (void*)(intptr_t)own;
}

static void threads(void) {
  pthread_t thread[kThreads];
  int turns = 0;
  for (intptr_t i = 0; i < kThreads; ++i) pthread_create(&thread[i], NULL, take_turns, (void*)i);
  for (int i = 0; i < kThreads; ++i) {
    void* result;
    pthread_join(thread[i], &result);
    turns += (int)(intptr_t)result;
  }
  printf("threads %d %d %d\n", turns, total, own);
}

static sigjmp_buf back;
static volatile sig_atomic_t fault_code, fault_matches, handled;
static char* volatile wanted_address;

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)context;
  fault_code = info->si_code;
  fault_matches = info->si_addr == wanted_address;
  siglongjmp(back, 1);
}

// A handler that repairs its cause: the store is made again after it returned.
static void on_repairable_fault(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)context;
  ++handled;
  mprotect((char*)((uintptr_t)info->si_addr & ~4095UL), 4096, PROT_READ | PROT_WRITE);
}

static void set_handler(int number, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigaction(number, &action, NULL);
}

static void faults(void) {
  static char stack[16384];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  char* page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  wanted_address = page + 8;
  set_handler(SIGSEGV, on_fault, SA_ONSTACK);
  if (sigsetjmp(back, 1) == 0) *(volatile char*)(page + 8) = 1;
  printf("fault %d %d\n", fault_code, fault_matches);
  set_handler(SIGSEGV, on_repairable_fault, 0);
  *(volatile char*)(page + 16) = 7;
  printf("repaired %d %d\n", handled, page[16]);
  signal(SIGSEGV, SIG_DFL);
}

static volatile sig_atomic_t ticks;

// Spoils every vector register: what was interrupted must not see it.
__attribute__((target("avx"))) static void on_tick(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)info;
  (void)context;
  __asm__ volatile(
      "vpcmpeqd %%xmm0, %%xmm0, %%xmm0\n\tvmovaps %%xmm0, %%xmm1\n\tvmovaps %%xmm0, %%xmm2\n\tvmovaps %%xmm0, %%xmm3" ::
          : "xmm0", "xmm1", "xmm2", "xmm3");
  ++ticks;
}

// A loop without a system call is interrupted in the guest, and goes on with all its registers.
__attribute__((target("avx"))) static void ticking(void) {
  set_handler(SIGALRM, on_tick, SA_RESTART);
  struct itimerval every = {{0, 20000}, {0, 20000}};
  setitimer(ITIMER_REAL, &every, NULL);
  __m256i sum = _mm256_setzero_si256();
  unsigned long steps = 0;
  while (ticks < 5) {
    for (int i = 0; i < 1000; ++i) {
      sum = _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(sum), _mm256_set1_ps(1)));
      __asm__ volatile("" : "+x"(sum));
    }
    if (++steps % 1000 == 0) sum = _mm256_setzero_si256();
  }
  memset(&every, 0, sizeof every);
  setitimer(ITIMER_REAL, &every, NULL);
  float lanes[8];
  _mm256_storeu_si256((__m256i_u*)lanes, sum);
  int same = 1;
  for (int i = 0; i < 8; ++i) same &= lanes[i] == (float)(steps % 1000 * 1000);
  printf("ticks %s, registers %s\n", ticks >= 5 ? "came" : "did not come", same ? "kept" : "lost");
}

static void interrupted_read(void) {
  int ends[2];
  char byte;
  pipe(ends);
  set_handler(SIGALRM, on_tick, 0);
  // Again and again: the first may come before the read.
  struct itimerval every = {{0, 50000}, {0, 50000}};
  setitimer(ITIMER_REAL, &every, NULL);
  ssize_t got = read(ends[0], &byte, 1);
  int error = errno;
  memset(&every, 0, sizeof every);
  setitimer(ITIMER_REAL, &every, NULL);
  printf("read %zd %s\n", got, strerror(error));
  close(ends[0]);
  close(ends[1]);
}

static int status_of(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

static void processes(char* self) {
  int ends[2], changed_here = 1;
  char text[16] = {0};
  pipe(ends);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    changed_here = 2;
    write(ends[1], "from a child", 12);
    _exit(changed_here + 40);
  }
  int status = status_of(child);
  read(ends[0], text, 12);
  printf("fork %s %d %d\n", text, WEXITSTATUS(status), changed_here);
  fflush(stdout);
  child = fork();
  if (child == 0) __builtin_trap();
  printf("a child's trap %d\n", WTERMSIG(status_of(child)));
  fflush(stdout);
  child = fork();
  if (child == 0) {
    for (;;) changed_here = 3;
  }
  kill(child, SIGTERM);
  printf("a killed child %d\n", WTERMSIG(status_of(child)));
  fflush(stdout);
  child = vfork();
  if (child == 0) {
    execl(self, self, "child", NULL);
    _exit(1);
  }
  printf("an executed child %d\n", WEXITSTATUS(status_of(child)));
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "child") == 0) {
    puts("executed");
    return 7;
  }
  threads();
  faults();
  ticking();
  interrupted_read();
  processes(argv[0]);
  return 0;
}

// One program that does everything at once for a while and checks itself: 64 threads that lock,
// map, fault, fork, execute, signal each other and use descriptors. Every thread checks its own results; counters that
// must balance are compared at the end. The output never depends on how far each got.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/socket.h>

#define THREADS 64
#define BAD(what) (say("CHECK failed: %s, errno %d", what, errno), failed_checks++)

static pthread_t threads[THREADS];
static volatile int stop_flag;
static volatile long signals_handled[THREADS];
static __thread long my_number = -1;
static __thread volatile int faulting;
static __thread sigjmp_buf jump;

static void on_signal(int signal) {
  (void)signal;
  int saved = errno;
  if (my_number >= 0) __atomic_add_fetch(&signals_handled[my_number], 1, __ATOMIC_SEQ_CST);
  errno = saved;
}

static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)info;
  (void)context;
  if (!faulting) {
    say("CHECK failed: unexpected fault %d", signal);
    _exit(99);
  }
  siglongjmp(jump, signal);
}

static void* body_of_a_thread(void* number) { return (void*)((long)number ^ 0x5555); }

static void churn_threads(long turn) {
  pthread_t thread;
  void* result = NULL;
  if (pthread_create(&thread, NULL, body_of_a_thread, (void*)turn)) return BAD("pthread_create"), (void)0;
  pthread_join(thread, &result);
  if ((long)result != (turn ^ 0x5555)) BAD("result of a thread");
}

static void map_and_fault(long turn) {
  size_t pages = 1 + turn % 60;
  char* memory = private_memory(pages * PAGE, PROT_READ | PROT_WRITE);
  for (size_t i = 0; i < pages; i++) memory[i * PAGE] = (char)(turn + i);
  size_t victim = turn % pages;
  if (mprotect(memory + victim * PAGE, PAGE, PROT_NONE)) BAD("mprotect");
  volatile int faulted = 0;
  faulting = 1;
  if (sigsetjmp(jump, 1) == 0)
    memory[victim * PAGE] = 1;
  else
    faulted = 1;
  faulting = 0;
  if (!faulted) BAD("no fault");
  if (mprotect(memory + victim * PAGE, PAGE, PROT_READ)) BAD("mprotect back");
  for (size_t i = 0; i < pages; i++)
    if (memory[i * PAGE] != (char)(turn + i)) BAD("lost a byte");
  munmap(memory, pages * PAGE);
}

static void fork_and_wait(long turn) {
  volatile long word = turn;
  pid_t pid = fork();
  if (pid == -1) return BAD("fork"), (void)0;
  if (pid == 0) {
    word++;
    _exit(word == turn + 1 ? (int)(turn & 63) : 77);
  }
  int status = -1;
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != (turn & 63) || word != turn) BAD("child");
}

static void execute(long turn) {
  int status = -1;
  pid_t pid = vfork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", turn % 2 ? "exit 5" : "exit 6", NULL);
    _exit(99);
  }
  if (pid == -1) return BAD("vfork"), (void)0;
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != (turn % 2 ? 5 : 6)) BAD("executed child");
}

static void use_descriptors(long turn) {
  int pair[2];
  long out = turn * 7919, in = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return BAD("socketpair"), (void)0;
  if (write(pair[0], &out, sizeof out) != sizeof out) BAD("write");
  ssize_t got;
  while ((got = read(pair[1], &in, sizeof in)) == -1 && errno == EINTR) {
  }
  if (got != sizeof in || in != out) BAD("read");
  close(pair[0]);
  close(pair[1]);
}

// A thread that already left its loop is not joined before all have: its pthread_t stays valid.
static void signal_another(long turn) { pthread_kill(threads[(my_number + 1 + turn % 7) % THREADS], SIGUSR1); }

static void sleep_briefly(long turn) {
  struct timespec time = {0, turn % 1000 * 1000}, left;
  if (nanosleep(&time, &left) == -1 && errno != EINTR) BAD("nanosleep");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long guarded[2];
static void lock_and_count(long turn) {
  (void)turn;
  pthread_mutex_lock(&mutex);
  if (guarded[0] != guarded[1]) BAD("guarded pair");
  guarded[0]++;
  if (turn % 16 == 0) sched_yield();
  guarded[1]++;
  pthread_mutex_unlock(&mutex);
}

static void compute(long turn) {
  double sum = 0;
  for (int i = 1; i < 2000; i++) sum += (double)(turn % 13 + 1) / i;
  double again = 0;
  for (int i = 1; i < 2000; i++) again += (double)(turn % 13 + 1) / i;
  if (memcmp(&sum, &again, sizeof sum)) BAD("floating point");
}

static void change_the_heap(long turn) {
  size_t size = 1 + turn % 300000;
  unsigned char* block = (unsigned char*)malloc(size);
  memset(block, (int)(turn & 255), size);
  block = (unsigned char*)realloc(block, size * 2);
  if (block[0] != (turn & 255) || block[size - 1] != (turn & 255)) BAD("heap");
  free(block);
}

typedef void (*Work)(long);
static const Work kKinds[] = {churn_threads, map_and_fault,  use_descriptors, signal_another,
                              sleep_briefly, lock_and_count, compute,         change_the_heap};

static pthread_barrier_t all_known;  // nobody signals before all of `threads` is filled in

static void* torture_thread(void* number) {
  my_number = (long)number;
  pthread_barrier_wait(&all_known);
  unsigned long random = my_number * 2654435761u + 1;
  for (long turn = 0; !stop_flag; turn++) {
    random = random * 6364136223846793005UL + 1442695040888963407UL;
    unsigned choice = random >> 40 & 1023;
    if (choice < 8)
      fork_and_wait(turn);
    else if (choice < 12)
      execute(turn);
    else
      kKinds[choice % 8](turn + (long)(random >> 50));
  }
  return NULL;
}

static void run_for(int seconds) {
  set_handler(SIGUSR1, on_signal, SA_RESTART);
  set_info_handler(SIGSEGV, on_fault, 0);
  pthread_barrier_init(&all_known, NULL, THREADS + 1);
  for (long i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, torture_thread, (void*)i)) abort();
  pthread_barrier_wait(&all_known);
  for (int i = 0; i < seconds * 10; i++) {
    nap_ms(100);
    for (int j = 0; j < THREADS; j++) pthread_kill(threads[j], SIGUSR1);
  }
  stop_flag = 1;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++)
    if (!signals_handled[i]) BAD("a thread without signals");
  if (guarded[0] != guarded[1] || guarded[0] == 0) BAD("guarded pair at the end");
  say("failed checks %d", failed_checks);
}

CASE(five_seconds) { run_for(5); }
CASE(one_minute) { run_for(60); }

// How threads end and end their process: cancellation, raw exits, leaders that leave first, what others were doing.
#include "tests/conformance/thread.h"

#include <sys/select.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static int pipe_ends[2];
static void cleanup(void* text) { say("cleanup %s", (char*)text); }
static void* read_forever(void* tid) {
  char byte;
  pthread_cleanup_push(cleanup, (void*)"outer");
  pthread_cleanup_push(cleanup, (void*)"inner");
  *(volatile int*)tid = my_tid();
  say("read %zd", read(pipe_ends[0], &byte, 1));
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return NULL;
}

CASE(cancel_blocked_read) {
  pthread_t thread;
  volatile int tid = 0;
  MUST(pipe(pipe_ends));
  start(&thread, read_forever, (void*)&tid);
  while (!tid) nap_ms(1);
  wait_asleep(tid);
  CHECK_EQ(pthread_cancel(thread), 0);
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
}

static void* spin_forever(void* ready) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  *(volatile int*)ready = 1;
  for (;;) __asm__ volatile("pause");
  return NULL;
}

CASE(cancel_asynchronously) {
  pthread_t thread;
  volatile int ready = 0;
  start(&thread, spin_forever, (void*)&ready);
  wait_value(&ready, 1);
  CHECK_EQ(pthread_cancel(thread), 0);
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
}

static volatile int release;
static void* disable_cancellation(void* ready) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  *(volatile int*)ready = 1;
  wait_value(&release, 1);
  nap_ms(5);
  say("still here");
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
  pthread_testcancel();
  say("CHECK failed: not cancelled");
  return NULL;
}

CASE(cancel_when_disabled_is_kept) {
  pthread_t thread;
  volatile int ready = 0;
  start(&thread, disable_cancellation, (void*)&ready);
  wait_value(&ready, 1);
  CHECK_EQ(pthread_cancel(thread), 0);
  release = 1;
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
}

static void unlock(void* which) { pthread_mutex_unlock((pthread_mutex_t*)which); }
static void* wait_condition_cancelled(void* tid) {
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, &mutex);
  *(volatile int*)tid = my_tid();
  for (;;) pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(1);
  return NULL;
}

CASE(cancel_condition_wait) {
  pthread_t thread;
  volatile int tid = 0;
  start(&thread, wait_condition_cancelled, (void*)&tid);
  while (!tid) nap_ms(1);
  wait_asleep(tid);
  pthread_cancel(thread);
  say("cancelled %d", join(thread) == PTHREAD_CANCELED);
  say("mutex free %d", pthread_mutex_trylock(&mutex) == 0);
}

static void* exit_raw(void* tid) {
  *(volatile int*)tid = my_tid();
  syscall(SYS_exit, 33);
  return NULL;
}

CASE(raw_exit_ends_one_thread) {
  pthread_t thread;
  volatile int tid = 0;
  start(&thread, exit_raw, (void*)&tid);
  while (!tid || thread_state(getpid(), tid)) nap_ms(1);
  say("main goes on");
}

static void* outlive_leader(void* unused) {
  (void)unused;
  wait_state(getpid(), 'Z');
  say("leader is %c", thread_state(getpid(), getpid()));
  exit(7);
}

CASE(leader_leaves_first) {
  pthread_t thread;
  start(&thread, outlive_leader, NULL);
  pthread_exit(NULL);
}

static void* wait_a_little(void* unused) {
  nap_ms(30);
  return unused;
}

CASE(last_thread_returns) {
  pthread_t thread;
  start(&thread, wait_a_little, NULL);
  start(&thread, wait_a_little, NULL);
  pthread_exit(NULL);  // the process ends with 0 when the last thread does
}

CASE(leader_leaves_with_raw_exit) {
  pthread_t thread;
  start(&thread, wait_a_little, NULL);
  syscall(SYS_exit, 44);  // the status of the process is the last thread's since Linux 6.1
}

static void* exit_nine(void* unused) {
  (void)unused;
  exit(9);
}

static void at_exit(void) { say("atexit in %s", my_tid() == getpid() ? "leader" : "thread"); }

CASE(exit_from_a_thread) {
  pthread_t thread;
  atexit(at_exit);
  start(&thread, exit_nine, NULL);
  join(thread);
  say("CHECK failed: joined");
}

static volatile int blocked_tids[8];
static void* block_in(void* kind) {
  long which = (long)kind;
  char byte;
  sigset_t none = set_of(0);
  blocked_tids[which] = my_tid();
  switch (which) {
    case 0: return (void*)read(pipe_ends[0], &byte, 1);
    case 1: sigsuspend(&none); break;
    case 2: select(0, NULL, NULL, NULL, NULL); break;
    case 3: pause(); break;
    case 4: pthread_mutex_lock(&mutex); break;
    case 5: sleep(1000); break;
    case 6:
      for (;;) __asm__ volatile("pause");
    case 7:
      for (;;) syscall(SYS_getppid);
  }
  return NULL;
}

static void block_eight_threads(void) {
  pthread_t thread;
  MUST(pipe(pipe_ends));
  pthread_mutex_lock(&mutex);
  for (long i = 0; i < 8; i++) start(&thread, block_in, (void*)i);
  for (int i = 0; i < 8; i++) {
    while (!blocked_tids[i]) nap_ms(1);
    if (i < 6) wait_asleep(blocked_tids[i]);
  }
}

CASE(exit_group_with_blocked_threads) {
  block_eight_threads();
  say("leaving");
  exit(5);
}

CASE(fatal_signal_with_blocked_threads) {
  block_eight_threads();
  say("killed");
  raise(SIGTERM);
}

CASE(kill_with_blocked_threads) {
  block_eight_threads();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

CASE(abort_with_blocked_threads) {
  block_eight_threads();
  abort();
}

static void* fault(void* address) {
  *(volatile int*)address = 1;
  return NULL;
}

CASE(fault_in_a_thread_ends_all) {
  pthread_t thread;
  start(&thread, fault, (void*)8);
  for (;;) pause();
}

static void* sleep_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

static void* exit_with_43(void* unused) {
  (void)unused;
  usleep(2000);
  syscall(SYS_exit_group, 43);
  return NULL;
}

// The end of the process releases what joins its threads, which must not run on.
CASE(status_of_whoever_ends_the_process) {
  int all = 0;
  for (int i = 0; i < 40; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      pthread_t waiting, ending;
      start(&waiting, sleep_for_ever, NULL);
      start(&ending, exit_with_43, NULL);
      join(waiting);
      syscall(SYS_exit_group, 7);
    }
    int status = 0;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    all += WIFEXITED(status) && WEXITSTATUS(status) == 43;
  }
  say("%d", all);
}

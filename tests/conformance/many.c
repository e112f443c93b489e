// The heavy cases of a --full suite: a thousand threads at once, a hundred thousand one after another, many processes.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>

#define MANY 1000

static sem_t arrived, leave;
static volatile int hits;
static void hit(int signal) {
  (void)signal;
  __atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
}

static void* wait_to_leave(void* number) {
  sem_post(&arrived);
  while (sem_wait(&leave) == -1) {
  }
  return number;
}

static pthread_t threads[MANY];
static void start_many(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  sem_init(&arrived, 0, 0);
  sem_init(&leave, 0, 0);
  for (long i = 0; i < MANY; i++) {
    int error = pthread_create(&threads[i], &attributes, wait_to_leave, (void*)i);
    if (error) {
      say("CHECK failed: thread %ld: %d", i, error);
      _exit(99);
    }
  }
  for (int i = 0; i < MANY; i++) sem_wait(&arrived);
}

static void join_many(void) {
  long sum = 0;
  for (int i = 0; i < MANY; i++) sem_post(&leave);
  for (int i = 0; i < MANY; i++) {
    void* result;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  say("%ld", sum);
}

CASE(thousand_threads_at_once) {
  for (int round = 0; round < 2; round++) {
    start_many();
    join_many();
  }
}

CASE(signal_to_each_of_a_thousand) {
  set_handler(SIGUSR1, hit, SA_RESTART);
  start_many();
  for (int i = 0; i < MANY; i++) pthread_kill(threads[i], SIGUSR1);
  wait_value(&hits, MANY);
  say("%d", hits);
  join_many();
}

CASE(exit_with_a_thousand) {
  start_many();
  exit(21);
}

CASE(killed_with_a_thousand) {
  start_many();
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

HELPER(after_exec) { say("alone"); }
CASE(exec_with_a_thousand) {
  start_many();
  exec_self("after_exec", NULL, NULL, NULL);
}

static int leave_at_once(void* unused) { return unused != NULL; }
CASE(fork_with_a_thousand) {
  start_many();
  say_status("child", run_child(leave_at_once, NULL));
  join_many();
}

static void* nothing(void* number) { return number; }
CASE(hundred_thousand_one_after_another) {
  for (long i = 0; i < 100000; i++) {
    pthread_t thread;
    void* result;
    if (pthread_create(&thread, NULL, nothing, (void*)i)) say("CHECK failed: thread %ld", i);
    pthread_join(thread, &result);
    if ((long)result != i) say("CHECK failed: result of %ld", i);
  }
  say("done");
}

CASE(two_thousand_forks) {
  for (long i = 0; i < 2000; i++) {
    if (run_child(leave_at_once, NULL) != 0) say("CHECK failed: child %ld", i);
  }
  say("done");
}

CASE(two_hundred_children_at_once) {
  pid_t children[200];
  int ends[2];
  char byte;
  MUST(pipe(ends));
  for (int i = 0; i < 200; i++) {
    children[i] = MUST(fork());
    if (children[i]) continue;
    close(ends[1]);
    _exit(read(ends[0], &byte, 1) == 0 ? 3 : 4);
  }
  close(ends[1]);
  int sum = 0;
  for (int i = 0; i < 200; i++) sum += WEXITSTATUS(wait_for(children[i]));
  say("%d", sum);
}

CASE(thousand_execs) {
  for (int i = 0; i < 1000; i++) {
    pid_t pid = vfork();
    if (pid == 0) {
      execl("/bin/true", "true", NULL);
      _exit(99);
    }
    if (wait_for(pid) != 0) say("CHECK failed: exec %d", i);
  }
  say("done");
}

CASE(hundred_thousand_signals) {
  set_handler(SIGUSR1, hit, 0);
  for (int i = 0; i < 100000; i++) raise(SIGUSR1);
  say("%d", hits);
}

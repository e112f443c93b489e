// Four threads: one crashes, one waits in read, one in a futex, one computes.
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

volatile unsigned long counter;
static sem_t started;
static int ends[2];

__attribute__((noinline)) static void blocked_in_read(void) {
  char byte;
  sem_post(&started);
  if (read(ends[0], &byte, 1) < 0) perror("read");
}

__attribute__((noinline)) static void blocked_in_futex(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  sem_post(&started);
  pthread_mutex_lock(&lock);
}

__attribute__((noinline)) static void computes(void) {
  sem_post(&started);
  for (;;) ++counter;
}

__attribute__((noinline)) static void crashes(const char* how) {
  double four = 4;
  __asm__ volatile("movsd %0, %%xmm7" : : "m"(four) : "xmm7");
  if (strcmp(how, "null") == 0) *(volatile int*)0 = 1;
  puts("ready");
  fflush(stdout);
  if (strcmp(how, "wait") == 0) pause();
  raise(atoi(how));
}

static void* run(void* function) {
  ((void (*)(void))function)();
  return NULL;
}

static void* run_crash(void* how) {
  crashes(how);
  return NULL;
}

// crowd HOW [LIMIT | "private"]
int main(int argc, char** argv) {
  void (*functions[])(void) = {blocked_in_read, blocked_in_futex, computes};
  pthread_t thread;
  if (argc > 2 && strcmp(argv[2], "private") == 0) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (argc > 2 && atoi(argv[2]) > 0) setrlimit(RLIMIT_CORE, &(struct rlimit){(rlim_t)atoi(argv[2]), RLIM_INFINITY});
  sem_init(&started, 0, 0);
  if (pipe(ends) != 0) return 1;
  for (int i = 0; i < 3; ++i) pthread_create(&thread, NULL, run, (void*)functions[i]);
  for (int i = 0; i < 3; ++i) sem_wait(&started);
  usleep(20000);
  pthread_create(&thread, NULL, run_crash, argv[1]);
  pthread_join(thread, NULL);
  return 0;
}

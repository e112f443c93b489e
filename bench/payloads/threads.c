// Threads, futexes and signals.
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure.h"

static uint32_t turn;
static char* page;

static void* nothing(void* argument) { return argument; }

static void create_join(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0) exit(1);
}

static void set_turn(uint32_t value) {
  __atomic_store_n(&turn, value, __ATOMIC_RELEASE);
  syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void wait_while(uint32_t value) {
  while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == value) {
    syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
  }
}

// 0: the partner's turn, 1: ours, 2: the end.
static void* partner(void* argument) {
  for (;;) {
    wait_while(1);
    if (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == 2) return argument;
    set_turn(1);
  }
}

static void ping_pong(void) {
  set_turn(0);
  wait_while(0);
}

static void ignore(int number) { (void)number; }

static void signal_self(void) { raise(SIGUSR1); }

static void open_page(int number) {
  (void)number;
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void fault(void) {
  mprotect(page, 4096, PROT_NONE);
  *(volatile char*)page = 1;
}

int main(void) {
  measure("thread create+join", create_join);
  turn = 1;
  pthread_t thread;
  if (pthread_create(&thread, NULL, partner, NULL) != 0) return 1;
  measure("futex ping-pong", ping_pong);
  set_turn(2);
  pthread_join(thread, NULL);
  signal(SIGUSR1, ignore);
  measure("signal to itself, handled", signal_self);
  signal(SIGSEGV, open_page);
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  measure("fault, handler, 2 mprotects", fault);
  return 0;
}

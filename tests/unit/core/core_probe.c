// A process with everything a debugger looks for in a core: a crash three calls deep, a second thread that waits, known
// values in memory and vector registers, a large untouched mapping.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int answer = 42;
const char* greeting = "hello from the core";
char* heap_text;

static void* wait_forever(void* ready) {
  pthread_barrier_wait(ready);
  for (;;) pause();
  return 0;
}

__attribute__((noinline)) static int innermost(volatile int* address) {
  static const double lanes[4] = {1.5, 2.5, 3.5, 4.5};
  __asm__ volatile("vmovupd %0, %%ymm7" : : "m"(lanes) : "xmm7");
  return *address;  // the crash
}

__attribute__((noinline)) static int middle(long address) { return innermost((int*)address) + 1; }

int main(void) {
  pthread_barrier_t ready;
  pthread_barrier_init(&ready, 0, 2);
  pthread_t thread;
  pthread_create(&thread, 0, wait_forever, &ready);
  pthread_barrier_wait(&ready);
  mmap(0, 1UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  heap_text = strdup("text on the heap");
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &held, 0);
  return middle(0x123000);
}

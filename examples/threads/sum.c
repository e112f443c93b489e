// Threads in a kontainer: each is a virtual CPU of the program's virtual machine, and a thread of the host.
#include <pthread.h>
#include <stdio.h>

enum { kThreads = 4, kNumbers = 1000000 };

static long sums[kThreads];

static void* add_up(void* argument) {
  const long me = (long)argument;
  for (long number = me; number < kNumbers; number += kThreads) sums[me] += number;
  return NULL;
}

int main(void) {
  pthread_t threads[kThreads];
  long total = 0;
  for (long i = 0; i < kThreads; ++i) {
    if (pthread_create(&threads[i], NULL, add_up, (void*)i) != 0) return 1;
  }
  for (long i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    total += sums[i];
  }
  printf("%d threads: the numbers below %d are %ld together\n", kThreads, kNumbers, total);
  return 0;
}

// Reads every clock that natively costs no system call.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

int main(void) {
  long sum = 0;
  for (int i = 0; i < 1000; ++i) {
    struct timespec now;
    struct timeval day;
    clock_gettime(CLOCK_MONOTONIC, &now);
    gettimeofday(&day, 0);
    sum += now.tv_nsec + day.tv_usec + time(0);
    if (sched_getcpu() < 0) return 1;
  }
  printf("%s\n", sum ? "read" : "nothing");
  return 0;
}

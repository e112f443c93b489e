// Prints nanoseconds per call: getppid by SYSCALL, and clock_gettime through the vDSO.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char** argv) {
  int count = argc > 1 ? atoi(argv[1]) : 20000;
  double start = now();
  for (int i = 0; i < count; ++i) syscall(SYS_getppid);
  double call = (now() - start) / count;
  start = now();
  for (int i = 0; i < 100000; ++i) now();
  printf("%.1f %.1f\n", call, (now() - start) / 100000);
  return 0;
}

// What the payloads of bench/ share: how long one call of something takes.
#pragma once
#include <stdio.h>
#include <time.h>

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

// Prints `WHAT NANOSECONDS`, the mean of at least 0.3 s of calls; what is slow is called at least four times.
static inline void measure(const char* what, void (*call)(void)) {
  const double enough = 3e8;
  call();
  double start = now_ns(), spent = 0;
  long calls = 0;
  for (long batch = 4; spent < enough; batch *= 2) {
    for (long i = 0; i < batch; ++i) call();
    calls += batch;
    spent = now_ns() - start;
  }
  printf("%s %.0f\n", what, spent / calls);
  fflush(stdout);
}

// compute KIND: prints the seconds that a fixed piece of work takes.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static uint64_t integers(void) {
  uint64_t x = 88172645463325252u, sum = 0;
  for (int i = 0; i < 200000000; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum += x % 1000;
  }
  return sum;
}

static uint64_t floats(void) {
  static float a[4096], b[4096];
  for (int i = 0; i < 4096; ++i) a[i] = i * 0.5f, b[i] = 1.0f;
  for (int round = 0; round < 150000; ++round) {
    for (int i = 0; i < 4096; ++i) b[i] = b[i] * 0.999f + a[i];
  }
  return (uint64_t)b[77];
}

static uint64_t chase(void) {
  size_t count = (64 << 20) / sizeof(size_t);
  size_t* next = malloc(count * sizeof(size_t));
  uint64_t x = 12345;
  for (size_t i = 0; i < count; ++i) next[i] = i;
  for (size_t i = count - 1; i > 0; --i) {  // one cycle through all
    x = x * 6364136223846793005u + 1442695040888963407u;
    size_t j = (x >> 33) % i, t = next[i];
    next[i] = next[j];
    next[j] = t;
  }
  size_t at = 0;
  for (int i = 0; i < 10000000; ++i) at = next[at];
  return at;
}

static uint64_t stream(void) {
  size_t count = (128 << 20) / sizeof(double);
  double* a = malloc(count * sizeof(double));
  for (size_t i = 0; i < count; ++i) a[i] = (double)i;
  double sum = 0;
  for (int round = 0; round < 20; ++round) {
    for (size_t i = 0; i < count; ++i) sum += a[i];
  }
  return (uint64_t)sum;
}

int main(int argc, char** argv) {
  const char* kind = argc > 1 ? argv[1] : "";
  double start = now();
  uint64_t result = !strcmp(kind, "integers") ? integers()
                    : !strcmp(kind, "floats") ? floats()
                    : !strcmp(kind, "chase")  ? chase()
                                              : stream();
  fprintf(stderr, "%llu\n", (unsigned long long)result);
  printf("%.4f\n", now() - start);
  return 0;
}

// Single system calls: `WHAT, p50 NANOSECONDS` and the same for p99, of each. They are timed by the processor's
// counter, which costs the same everywhere: what a sandbox's clock costs is not asked here.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#include "measure.h"

#define SAMPLES 10000

static double samples[SAMPLES];
static int file;

static int by_size(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static void nothing(void) {}
static void null_call(void) { syscall(SYS_getppid); }
static void own_id(void) { syscall(SYS_getpid); }
static void read_some(void) {
  static char buffer[100];
  if (pread(file, buffer, sizeof buffer, 0) < 0) exit(1);
}
static void look(void) {
  struct stat info;
  if (stat("/etc/passwd", &info) != 0) exit(1);
}
static void open_and_close(void) { close(open("/etc/passwd", O_RDONLY | O_CLOEXEC)); }

static double percentile(int percent) { return samples[SAMPLES / 100 * percent]; }

static void take(void (*call)(void)) {
  for (int i = 0; i < SAMPLES; ++i) {
    const unsigned long long start = __rdtsc();
    call();
    samples[i] = (double)(__rdtsc() - start);
  }
  qsort(samples, SAMPLES, sizeof *samples, by_size);
}

static double ticks_per_ns(void) {
  const double from = now_ns();
  const unsigned long long start = __rdtsc();
  while (now_ns() - from < 1e8) {
  }
  return (double)(__rdtsc() - start) / (now_ns() - from);
}

static void report(const char* what, void (*call)(void), double nothing, double speed) {
  take(call);
  printf("%s, p50 %.0f\n%s, p99 %.0f\n", what, (percentile(50) - nothing) / speed, what,
         (percentile(99) - nothing) / speed);
}

int main(void) {
  file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  const double speed = ticks_per_ns();
  take(nothing);
  const double counter = percentile(50);
  report("getppid", null_call, counter, speed);
  report("getpid", own_id, counter, speed);
  report("pread of 100 bytes", read_some, counter, speed);
  report("stat", look, counter, speed);
  report("open and close", open_and_close, counter, speed);
  return 0;
}

// Single system calls: `WHAT, p50 NANOSECONDS` and the same for p99, of each. The time of the clock itself is taken
// off.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
    const double start = now_ns();
    call();
    samples[i] = now_ns() - start;
  }
  qsort(samples, SAMPLES, sizeof *samples, by_size);
}

static void report(const char* what, void (*call)(void), double clock) {
  take(call);
  printf("%s, p50 %.0f\n%s, p99 %.0f\n", what, percentile(50) - clock, what, percentile(99) - clock);
}

int main(void) {
  file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  take(nothing);
  const double clock = percentile(50);
  report("getppid", null_call, clock);
  report("getpid", own_id, clock);
  report("pread of 100 bytes", read_some, clock);
  report("stat", look, clock);
  report("open and close", open_and_close, clock);
  return 0;
}

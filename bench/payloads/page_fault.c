// Prints nanoseconds per first touch of a page: anonymous memory without and with huge pages, then a private file
// mapping of the file named by the argument.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static double touch(volatile char* memory, size_t size, int write) {
  char sum = 0;
  double start = now();
  for (size_t i = 0; i < size; i += 4096) {
    if (write)
      memory[i] = 1;
    else
      sum += memory[i];
  }
  (void)sum;
  return (now() - start) / (size / 4096);
}

int main(int argc, char** argv) {
  size_t size = 64 << 20;
  char* small = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(small, size, MADV_NOHUGEPAGE);
  double anonymous = touch(small, size, 1);
  char* huge = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(huge, size, MADV_HUGEPAGE);
  double large = touch(huge, size, 1);
  int fd = open(argv[1], O_RDONLY);
  struct stat status;
  fstat(fd, &status);
  char* file = mmap(0, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  double mapped = touch(file, (size_t)status.st_size, 0);
  printf("%.0f %.0f %.0f\n", anonymous, large, mapped);
  return argc > 5;
}

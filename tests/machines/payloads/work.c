// Files, pipes, memory of every kind, clocks and floating point; prints what every run must print.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t checksum(const unsigned char* bytes, size_t size) {
  uint64_t hash = 1469598103934665603u;
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
  return hash;
}

static void files(void) {
  char path[] = "/tmp/work-XXXXXX";
  int fd = mkstemp(path);
  unsigned char buffer[4096], back[4096];
  for (size_t i = 0; i < sizeof buffer; ++i) buffer[i] = (unsigned char)(i * 7);
  for (int i = 0; i < 4; ++i) write(fd, buffer, sizeof buffer);
  pread(fd, back, sizeof back, 4096);
  printf("file %d %lx\n", memcmp(buffer, back, sizeof back), (unsigned long)checksum(back, sizeof back));
  unsigned char* mapped = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  mapped[5000] = 99;
  pread(fd, back, 1, 5000);
  printf("shared mapping %d\n", back[0]);
  munmap(mapped, 4 * 4096);
  close(fd);
  unlink(path);
}

static void pipes(void) {
  int ends[2];
  char text[16] = {0};
  pipe(ends);
  write(ends[1], "through", 7);
  printf("pipe %zd %s\n", read(ends[0], text, sizeof text), text);
}

static void memory(void) {
  size_t size = 12 << 20;
  unsigned char* block = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (size_t i = 0; i < size; i += 4096) block[i] = (unsigned char)(i >> 12);
  mprotect(block, size, PROT_READ);
  uint64_t sum = 0;
  for (size_t i = 0; i < size; i += 4096) sum += block[i];
  mprotect(block + 4096, 4096, PROT_READ | PROT_WRITE);
  block[4096] = 200;
  mprotect(block, size, PROT_READ | PROT_WRITE);  // one mapping again: mremap takes no others
  block = mremap(block, size, size * 2, MREMAP_MAYMOVE);
  block[size * 2 - 1] = 1;
  printf("memory %lu %d %d\n", (unsigned long)sum, block[4096], block[size * 2 - 1]);
  madvise(block, size, MADV_DONTNEED);
  printf("dropped %d\n", block[4096]);
  munmap(block, size * 2);
  char* heap = malloc(300000);
  memset(heap, 'x', 300000);
  heap = realloc(heap, 3000000);
  printf("heap %c%c\n", heap[0], heap[299999]);
  free(heap);
}

static void code(void) {
  static const unsigned char add[] = {0x8d, 0x04, 0x37, 0xc3};  // lea (%rdi,%rsi), %eax; ret
  unsigned char* page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(page, add, sizeof add);
  mprotect(page, 4096, PROT_READ | PROT_EXEC);
  int (*function)(int, int);
  memcpy(&function, &page, sizeof function);
  printf("code %d\n", function(40, 2));
}

int main(void) {
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  files();
  pipes();
  memory();
  code();
  double sum = 0;
  for (int i = 1; i < 100000; ++i) sum += 1.0 / i / i;
  printf("float %.9f\n", sum);
  clock_gettime(CLOCK_MONOTONIC, &after);
  // The vDSO's clock and the kernel's are one.
  struct timespec kernels;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &kernels);
  long difference = (kernels.tv_sec - after.tv_sec) * 1000 + (kernels.tv_nsec - after.tv_nsec) / 1000000;
  printf("clocks %s\n", difference >= 0 && difference < 2000 ? "agree" : "differ");
  int forward = after.tv_sec > before.tv_sec || (after.tv_sec == before.tv_sec && after.tv_nsec > before.tv_nsec);
  printf("clock %s\n", forward ? "runs" : "stands");
  return 0;
}

// Mapping, protecting and unmapping memory over and over.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "measure.h"

static char* large;

static char* map(size_t size) {
  char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) exit(1);
  return memory;
}

static void map_touch_unmap(void) {
  char* memory = map(4096);
  memory[0] = 1;
  munmap(memory, 4096);
}

static void map_unmap_large(void) { munmap(map(64 << 20), 64 << 20); }

static void map_fill_unmap(void) {
  char* memory = map(1 << 20);
  memset(memory, 1, 1 << 20);
  munmap(memory, 1 << 20);
}

static void protect(void) {
  mprotect(large, 64 << 10, PROT_READ);
  mprotect(large, 64 << 10, PROT_READ | PROT_WRITE);
}

static void discard(void) {
  madvise(large, 256 << 10, MADV_DONTNEED);
  for (size_t i = 0; i < 256 << 10; i += 4096) large[i] = 1;
}

int main(void) {
  measure("mmap+touch+munmap, 4 KiB", map_touch_unmap);
  measure("mmap+munmap, 64 MiB", map_unmap_large);
  measure("mmap+fill+munmap, 1 MiB", map_fill_unmap);
  large = map(8 << 20);
  memset(large, 1, 8 << 20);
  measure("mprotect there and back, 64 KiB", protect);
  measure("madvise(DONTNEED)+touch, 256 KiB", discard);
  return 0;
}

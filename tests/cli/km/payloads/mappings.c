// Checks its own mappings against a model.
//   mappings random STEPS SEED   random calls; every page must hold what the model says
//   mappings tables              two ranges that take turns in small pages must not show each other's memory
//   mappings freed               reads a range that was unmapped while another took its turn: must be killed
//   mappings many COUNT          so many mappings at once
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kPages = 6144, kChunk = 2 << 20, kUnmapped = -1, kPrivate = -1 };

struct Page {
  int protection;
  int file_page;
  unsigned value;
};

static struct Page model[kPages];
static unsigned file_values[kPages];
static char* const base = (char*)0x600000000000;
static unsigned long long state = 88172645463325252ull;

static int pick(int limit) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (int)((state >> 11) % (unsigned)limit);
}
static unsigned* page_at(int page) { return (unsigned*)(base + page * 4096L); }
static unsigned* value_of(int page) {
  return model[page].file_page == kPrivate ? &model[page].value : &file_values[model[page].file_page];
}
static void check(int holds, const char* what, int page) {
  if (holds) return;
  printf("%s at page %d: %s\n", what, page, strerror(errno));
  exit(1);
}

static void set(int first, int count, int protection, int file_page) {
  for (int i = 0; i < count; i++) {
    model[first + i] = (struct Page){protection, file_page == kPrivate ? kPrivate : file_page + i, 0};
  }
}
static int all_mapped(int first, int count) {
  for (int i = first; i < first + count; i++) {
    if (model[i].protection == kUnmapped) return 0;
  }
  return 1;
}
static int is_one_mapping(int first, int count) {
  for (int i = 0; i < count; i++) {
    const struct Page* page = &model[first + i];
    const int file_page = model[first].file_page == kPrivate ? kPrivate : model[first].file_page + i;
    if (page->protection == kUnmapped || page->protection != model[first].protection) return 0;
    if (page->file_page != file_page) return 0;
  }
  return 1;
}

static void move(int first, int count) {
  const int target = pick(kPages);
  if (target + count > kPages || (target < first + count && first < target + count)) return;
  if (!is_one_mapping(first, count)) return;
  const size_t size = count * 4096L;
  if (mremap(page_at(first), size, size, MREMAP_MAYMOVE | MREMAP_FIXED, page_at(target)) == MAP_FAILED) {
    // Two mappings that look like one; the target may be gone.
    for (int i = target; i < target + count; i++) {
      unsigned char resident;
      if (mincore(page_at(i), 4096, &resident) != 0 && errno == ENOMEM) model[i].protection = kUnmapped;
    }
    return;
  }
  for (int i = 0; i < count; i++) {
    model[target + i] = model[first + i];
    model[first + i].protection = kUnmapped;
  }
}

static void change(int file, int first, int count) {
  static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE | PROT_EXEC};
  const int protection = protections[pick(4)];
  const size_t size = count * 4096L;
  const int what = pick(10);
  if (what < 2) {
    check(munmap(page_at(first), size) == 0, "munmap", first);
    set(first, count, kUnmapped, kPrivate);
  } else if (what < 5) {
    void* got = mmap(page_at(first), size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    check(got == page_at(first), "mmap", first);
    set(first, count, protection, kPrivate);
  } else if (what < 7) {
    const int file_page = pick(kPages - count + 1);
    void* got = mmap(page_at(first), size, protection, MAP_SHARED | MAP_FIXED, file, file_page * 4096L);
    check(got == page_at(first), "mmap of a file", first);
    set(first, count, protection, file_page);
  } else if (what == 7 && all_mapped(first, count)) {
    check(mprotect(page_at(first), size, protection) == 0, "mprotect", first);
    for (int i = first; i < first + count; i++) model[i].protection = protection;
  } else if (what == 8 && all_mapped(first, count)) {
    check(madvise(page_at(first), size, MADV_DONTNEED) == 0, "madvise", first);
    for (int i = first; i < first + count; i++) model[i].value = 0;
  } else if (what == 9) {
    move(first, count);
  }
}

static void visit(int page) {
  if (model[page].protection <= 0) return;
  check(*(volatile unsigned*)page_at(page) == *value_of(page), "another value", page);
  if (!(model[page].protection & PROT_WRITE)) return;
  *value_of(page) = (unsigned)pick(1 << 30);
  *(volatile unsigned*)page_at(page) = *value_of(page);
}

static void random_calls(int steps, int seed) {
  state += (unsigned)seed;
  const int file = memfd_create("mappings", 0);
  check(ftruncate(file, kPages * 4096L) == 0, "ftruncate", 0);
  set(0, kPages, kUnmapped, kPrivate);
  while (steps-- > 0) {
    int first = pick(kPages);
    int count = 1 + (pick(6) == 0 ? pick(2500) : pick(40));
    if (pick(4) == 0) {  // whole page tables
      first &= ~511;
      count = 512 * (1 + pick(3));
    }
    if (first + count > kPages) count = kPages - first;
    change(file, first, count);
    for (int i = 0; i < 200; i++) visit(i < 100 ? first + pick(count) : pick(kPages));
  }
}

static void fill(char* start, int value) {
  char* got = mmap(start, kChunk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  check(got == start, "mmap", 0);
  for (int i = 0; i < kChunk; i += 4096) check(start[i] == 0, "not zero", i / 4096);
  for (int i = 0; i < kChunk; i += 4096) start[i] = (char)value;
}
static void take_turns(char* first, char* second) {
  for (int round = 0; round < 3; round++) {
    fill(first, 1);
    munmap(first, kChunk);
    fill(second, 2);
    if (round < 2) munmap(second, kChunk);
  }
}

static void many(int count) {
  char** mapped = malloc((size_t)count * sizeof *mapped);
  for (int i = 0; i < count; i++) {
    const int protection = i % 2 == 0 ? PROT_READ | PROT_WRITE : PROT_READ;
    mapped[i] = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(mapped[i] != MAP_FAILED, "mmap", i);
  }
  for (int i = 0; i < count; i += 2) mapped[i][0] = 1;
  for (int i = 0; i < count; i += 1000) check(mapped[i][0] == 1, "another value", i);
  for (int i = 0; i < count; i++) check(munmap(mapped[i], 4096) == 0, "munmap", i);
}

int main(int argc, char** argv) {
  char* const first = base;
  char* const second = base + (1L << 30);
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "random") == 0 && argc == 4) {
    random_calls(atoi(argv[2]), atoi(argv[3]));
  } else if (strcmp(what, "tables") == 0) {
    take_turns(first, second);
    fill(first, 3);
    for (int i = 0; i < kChunk; i += 4096) check(second[i] == 2, "the other's memory", i / 4096);
  } else if (strcmp(what, "freed") == 0) {
    take_turns(first, second);
    printf("%d\n", *(volatile char*)first);
  } else if (strcmp(what, "many") == 0 && argc == 3) {
    many(atoi(argv[2]));
  } else {
    return 2;
  }
  puts("as expected");
  return 0;
}

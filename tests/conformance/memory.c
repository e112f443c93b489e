// mmap(2) and its family: placement, protection, mremap, the break, stacks, limits.
#include "tests/conformance/memory.h"

#include <pthread.h>
#include <sys/resource.h>

CASE(fresh_memory_is_zero) {
  char* memory = private_memory(5 << 20, READ_WRITE);
  long sum = 0;
  for (long i = 0; i < 5 << 20; i++) sum += memory[i];
  memset(memory, 1, 5 << 20);
  say("%ld", sum);
  CHECK_EQ(munmap(memory, 5 << 20), 0);
}

CASE(hints_are_honoured_when_free) {
  char* hint = (char*)0x200000000000;
  char* memory = MAP(hint, PAGE, READ_WRITE, ANONYMOUS);
  say("at the hint %d", memory == hint);
  char* second = MAP(hint, PAGE, READ_WRITE, ANONYMOUS);
  say("elsewhere when taken %d", second != hint && second != MAP_FAILED);
  char* odd = MAP(hint + PAGE + 5, PAGE, READ_WRITE, ANONYMOUS);
  say("aligned %d", ((uintptr_t)odd & (PAGE - 1)) == 0);
}

CASE(fixed_replaces) {
  char* memory = private_memory(4 * PAGE, READ_WRITE);
  memset(memory, 7, 4 * PAGE);
  CHECK(MAP(memory + PAGE, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED) == memory + PAGE);
  say("%d %d %d", memory[PAGE - 1], memory[PAGE], memory[2 * PAGE]);
  CHECK_ERR((long)MAP(memory + 1, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED), EINVAL);
}

CASE(fixed_noreplace) {
  char* memory = private_memory(2 * PAGE, READ_WRITE);
  CHECK_ERR((long)MAP(memory + PAGE, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE), EEXIST);
  munmap(memory + PAGE, PAGE);
  CHECK(MAP(memory + PAGE, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE) == memory + PAGE);
  say("only when free");
}

CASE(low_addresses) {
  char* memory = MAP(NULL, 3 * PAGE, READ_WRITE, ANONYMOUS | MAP_32BIT);
  say("below 2 GiB %d", memory != MAP_FAILED && (uintptr_t)memory + 3 * PAGE <= 0x80000000);
  memory[0] = 1;
  char* fixed = MAP((char*)0x10000000, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE);
  say("fixed %d", fixed == (char*)0x10000000);
  fixed[5] = 2;
}

CASE(mmap_errors) {
  int fd = make_file("data", "abc", 3, 0600), reader = MUST(open("data", O_RDONLY)), folder = MUST(open(".", O_RDONLY));
  CHECK_ERR((long)MAP(NULL, 0, READ_WRITE, ANONYMOUS), EINVAL);
  CHECK_ERR((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, -1, 0), EBADF);
  CHECK_ERR((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 100), EINVAL);
  CHECK_ERR((long)mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, reader, 0), EACCES);
  CHECK_ERR((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, folder, 0), ENODEV);
  CHECK_ERR((long)mmap(NULL, PAGE, PROT_READ, 0, fd, 0), EINVAL);
  CHECK_ERR((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), EOPNOTSUPP);
  CHECK_ERR((long)MAP(NULL, 1UL << 47, READ_WRITE, ANONYMOUS | MAP_NORESERVE), ENOMEM);
  CHECK_ERR((long)mmap(NULL, -1UL, READ_WRITE, ANONYMOUS, -1, 0), ENOMEM);
  int writer = MUST(open("data", O_WRONLY));
  CHECK_ERR((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, writer, 0), EACCES);
  CHECK(mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE, reader, 0) != MAP_FAILED);
  CHECK_ERR(munmap((void*)1, PAGE), EINVAL);
  CHECK_ERR(munmap((void*)PAGE, 0), EINVAL);
  CHECK_EQ(munmap((void*)0x300000000000, PAGE), 0);
  say("as documented");
}

CASE(protection) {
  char* memory = private_memory(PAGE, READ_WRITE);
  int protections[] = {PROT_NONE, PROT_READ, READ_WRITE, PROT_READ | PROT_EXEC, PROT_NONE, PROT_WRITE};
  for (int i = 0; i < 6; i++) {
    MUST(mprotect(memory, PAGE, protections[i]));
    say("%d: read %d, write %d", protections[i], probe(memory, 0), probe(memory, 1));
  }
}

CASE(mprotect_errors) {
  char* memory = private_memory(3 * PAGE, READ_WRITE);
  int reader = (close(make_file("data", "abc", 3, 0600)), MUST(open("data", O_RDONLY)));
  munmap(memory + PAGE, PAGE);
  CHECK_ERR(mprotect(memory, 3 * PAGE, PROT_READ), ENOMEM);
  say("before the hole: write %d, after it: write %d", probe(memory, 1), probe(memory + 2 * PAGE, 1));
  CHECK_ERR(syscall(SYS_mprotect, memory + 1, PAGE, PROT_READ), EINVAL);  // musl rounds
  CHECK_ERR(mprotect(memory, PAGE, 0x100), EINVAL);
  CHECK_EQ(mprotect(memory, 0, PROT_READ), 0);
  char* shared = (char*)MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0));
  CHECK_ERR(mprotect(shared, PAGE, READ_WRITE), EACCES);
}

typedef int (*Function)(void);
static void write_function(char* at, int value) {
  at[0] = (char)0xb8;  // mov $value, %eax ; ret
  memcpy(at + 1, &value, 4);
  at[5] = (char)0xc3;
}

CASE(code_that_is_written_again_and_again) {
  char* memory = private_memory(PAGE, READ_WRITE);
  long sum = 0;
  for (int i = 0; i < 200; i++) {
    MUST(mprotect(memory, PAGE, READ_WRITE));
    write_function(memory, i);
    MUST(mprotect(memory, PAGE, PROT_READ | PROT_EXEC));
    sum += ((Function)(uintptr_t)memory)();
  }
  say("%ld", sum);
  char* all = private_memory(PAGE, READ_WRITE | PROT_EXEC);
  for (int i = 0; i < 200; i++) {
    write_function(all + 16 * (i % 8), i);
    sum += ((Function)(uintptr_t)(all + 16 * (i % 8)))();
  }
  say("%ld", sum);
}

CASE(code_seen_at_two_addresses) {
  int fd = MUST(memfd_create("code", 0));
  MUST(ftruncate(fd, PAGE));
  char* writer = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_SHARED, fd, 0));
  char* runner = (char*)MUST(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
  long sum = 0;
  for (int i = 0; i < 100; i++) {
    write_function(writer, i);
    sum += ((Function)(uintptr_t)runner)();
  }
  say("%ld, runner writable: %d", sum, probe(runner, 1));
}

static volatile int stop_flag;
static void* protect_in_circles(void* memory) {
  while (!stop_flag) {
    mprotect(memory, 4 * PAGE, PROT_READ);
    mprotect(memory, 4 * PAGE, READ_WRITE);
  }
  return NULL;
}

static void again(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
}

CASE(protection_changes_under_a_running_thread) {
  pthread_t thread;
  char* memory = private_memory(4 * PAGE, READ_WRITE);
  set_info_handler(SIGSEGV, again, 0);
  if (pthread_create(&thread, NULL, protect_in_circles, memory)) abort();
  for (long i = 0; i < 3000; i++) memory[i % 4 * PAGE] = (char)i;
  stop_flag = 1;
  pthread_join(thread, NULL);
  say("%d %d", memory[0], memory[3 * PAGE]);
}

CASE(huge_reservations) {
  unsigned long sizes[] = {1UL << 30, 1UL << 36, 1UL << 42};
  for (int i = 0; i < 3; i++) {
    char* none = MAP(NULL, sizes[i], PROT_NONE, ANONYMOUS | MAP_NORESERVE);
    char* both = MAP(NULL, sizes[i], READ_WRITE, ANONYMOUS | MAP_NORESERVE);
    CHECK(none != MAP_FAILED && both != MAP_FAILED);
    MUST(mprotect(none + sizes[i] / 2, PAGE, READ_WRITE));
    none[sizes[i] / 2] = 1;
    both[0] = both[sizes[i] / 3] = both[sizes[i] - 1] = 2;
    say("%d, none: %d, both: %d", i, probe(none, 0), both[sizes[i] - 1] + both[sizes[i] / 3]);
    munmap(none, sizes[i]);
    munmap(both, sizes[i]);
  }
}

CASE(many_small_mappings) {
  char* first = MAP(NULL, 2000 * PAGE, PROT_NONE, ANONYMOUS);
  for (int i = 0; i < 2000; i += 2) MUST(mprotect(first + i * PAGE, PAGE, READ_WRITE));
  for (int i = 0; i < 2000; i += 2) first[i * PAGE] = 1;
  for (int i = 1; i < 2000; i += 2) MUST(munmap(first + i * PAGE, PAGE));
  long sum = 0;
  for (int i = 0; i < 2000; i += 2) sum += first[i * PAGE];
  say("%ld, hole %d", sum, probe(first + PAGE, 0));
}

CASE(partial_unmap) {
  char* memory = private_memory(6 << 20, READ_WRITE);
  memset(memory, 3, 6 << 20);
  MUST(munmap(memory + (2 << 20) + PAGE, PAGE));
  MUST(munmap(memory + (4 << 20), 1 << 20));
  say("%d %d %d %d", probe(memory + (2 << 20), 1), probe(memory + (2 << 20) + PAGE, 1), probe(memory + (4 << 20), 0),
      memory[(5 << 20)]);
}

CASE(mremap_grows_and_moves) {
  char* memory = private_memory(3 * PAGE, READ_WRITE);
  MUST(mprotect(memory + 2 * PAGE, PAGE, PROT_NONE));
  memory[0] = 1;
  memory[2 * PAGE - 1] = 2;
  CHECK_ERR((long)mremap(memory, 2 * PAGE, 8 * PAGE, 0), ENOMEM);
  char* moved = (char*)MUST(mremap(memory, 2 * PAGE, 800 * PAGE, MREMAP_MAYMOVE));
  say("moved %d, %d %d, zero %d, old %d", moved != memory, moved[0], moved[2 * PAGE - 1], moved[799 * PAGE],
      probe(memory, 0));
  char* smaller = (char*)MUST(mremap(moved, 800 * PAGE, PAGE, 0));
  say("shrunk in place %d, %d, rest %d", smaller == moved, smaller[0], probe(moved + PAGE, 0));
}

CASE(mremap_in_place) {
  char* memory = private_memory(10 * PAGE, READ_WRITE);
  memset(memory, 4, 10 * PAGE);
  munmap(memory + 2 * PAGE, 8 * PAGE);
  char* grown = (char*)MUST(mremap(memory, 2 * PAGE, 6 * PAGE, 0));
  say("same place %d, %d %d", grown == memory, grown[2 * PAGE - 1], grown[5 * PAGE]);
}

CASE(mremap_fixed) {
  char* memory = private_memory(2 * PAGE, READ_WRITE);
  char* target = private_memory(4 * PAGE, READ_WRITE);
  memset(memory, 6, 2 * PAGE);
  memset(target, 7, 4 * PAGE);
  CHECK(mremap(memory, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE) == target + PAGE);
  say("%d %d %d %d", target[0], target[PAGE], target[2 * PAGE], target[3 * PAGE]);
  CHECK_ERR((long)mremap(target, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE), EINVAL);
  CHECK_ERR((long)mremap(target, PAGE, PAGE, MREMAP_FIXED, memory), EINVAL);
  CHECK_ERR((long)mremap(target + 1, PAGE, PAGE, 0), EINVAL);
  CHECK_ERR((long)mremap(target, PAGE, 0, MREMAP_MAYMOVE), EINVAL);
  CHECK_ERR((long)mremap(memory, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
CASE(mremap_dontunmap) {
  char* memory = private_memory(2 * PAGE, READ_WRITE);
  memset(memory, 6, 2 * PAGE);
  char* moved = (char*)MUST(mremap(memory, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL));
  say("%d %d", moved[PAGE], memory[PAGE]);
  CHECK_ERR((long)mremap(memory, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL), EINVAL);
}

CASE(realloc_of_large_blocks) {
  long sum = 0;
  char* block = (char*)malloc(1 << 20);
  memset(block, 1, 1 << 20);
  for (int i = 2; i <= 16; i++) {
    block = (char*)realloc(block, (size_t)i << 20);
    memset(block + ((i - 1) << 20), i, 1 << 20);
  }
  for (long i = 0; i < 16 << 20; i += PAGE) sum += block[i];
  say("%ld", sum);
  free(block);
}

CASE(program_break) {
  char* start = (char*)syscall(SYS_brk, 0);
  char* grown = (char*)syscall(SYS_brk, start + 3 * PAGE);
  say("grown %d", grown == start + 3 * PAGE);
  start[0] = 1;
  start[3 * PAGE - 1] = 2;
  say("zero %d", start[PAGE]);
  char* back = (char*)syscall(SYS_brk, start + PAGE);
  say("back %d, gone %d", back == start + PAGE, probe((char*)(((uintptr_t)start + 3 * PAGE - 1) & -PAGE), 0) != 0);
  say("refused %d", (char*)syscall(SYS_brk, 16) == back);
  CHECK(syscall(SYS_brk, start) == (long)start);
}

CASE(stack_grows) {
  char here;
  char* volatile top = &here;
  volatile char* below = (volatile char*)((uintptr_t)top - (1 << 20));
  *below = 1;
  say("%d", *below);
}

CASE(growsdown_mapping) {
  char* area = MAP(NULL, 64 * PAGE, PROT_NONE, ANONYMOUS);
  munmap(area, 64 * PAGE);
  char* memory = MAP(area + 60 * PAGE, PAGE, READ_WRITE, ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED);
  CHECK(memory == area + 60 * PAGE);
  volatile char* below = memory - 3 * PAGE;
  say("%d", probe(below, 1));
  *below = 4;
  say("%d %d", *below, probe(memory - 2 * PAGE, 1));
}

CASE(dontneed) {
  char* memory = private_memory(4 << 20, READ_WRITE);
  memset(memory, 5, 4 << 20);
  MUST(madvise(memory + PAGE, PAGE, MADV_DONTNEED));
  MUST(madvise(memory + (2 << 20), 1 << 20, MADV_DONTNEED));
  say("%d %d %d %d %d", memory[0], memory[PAGE], memory[2 * PAGE], memory[2 << 20], memory[3 << 20]);
  int fd = make_file("data", "abc", 3, 0600);
  char* file = (char*)MUST(mmap(NULL, PAGE, READ_WRITE, MAP_PRIVATE, fd, 0));
  file[0] = 'X';
  MUST(madvise(file, PAGE, MADV_DONTNEED));
  say("%c", file[0]);
  char* shared = (char*)shared_memory(PAGE);
  shared[0] = 9;
  MUST(madvise(shared, PAGE, MADV_DONTNEED));
  say("%d", shared[0]);
}

CASE(other_advice) {
  char* memory = private_memory(4 * PAGE, READ_WRITE);
  memset(memory, 5, 4 * PAGE);
  int kinds[] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_FREE};
  for (int i = 0; i < 5; i++) CHECK_EQ(madvise(memory, PAGE, kinds[i]), 0);
  memory[0] = 6;
  say("%d", memory[0]);
  CHECK_ERR(madvise(memory + 1, PAGE, MADV_NORMAL), EINVAL);
  CHECK_ERR(madvise(memory, PAGE, 9999), EINVAL);
  munmap(memory + PAGE, PAGE);
  CHECK_ERR(madvise(memory, 3 * PAGE, MADV_DONTNEED), ENOMEM);
  say("behind the hole %d", memory[2 * PAGE]);
}

CASE(address_space_of_a_thread_stack) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_STACK, &limit));
  char* memory = MAP(NULL, 8 << 20, READ_WRITE, ANONYMOUS | MAP_STACK | MAP_NORESERVE);
  memory[(8 << 20) - 1] = 1;
  MUST(mprotect(memory, PAGE, PROT_NONE));
  say("guard %d", probe(memory, 1));
}

CASE(process_vm_is_consistent_for_system_calls) {
  int ends[2];
  char* memory = private_memory(3 * PAGE, READ_WRITE);
  MUST(pipe(ends));
  MUST(write(ends[1], "abcdefgh", 8));
  MUST(mprotect(memory + PAGE, PAGE, PROT_READ));
  CHECK_ERR(read(ends[0], memory + PAGE, 4), EFAULT);
  CHECK_EQ(read(ends[0], memory + PAGE - 4, 4), 4);
  MUST(mprotect(memory + PAGE, PAGE, PROT_NONE));
  CHECK_ERR(write(ends[1], memory + PAGE, 4), EFAULT);
  MUST(munmap(memory + PAGE, PAGE));
  CHECK_ERR(write(ends[1], memory + PAGE, 4), EFAULT);
  say("%.4s", memory + PAGE - 4);
}

static char counter_page[2 * 4096] __attribute__((aligned(4096)));
static const char constant_page[4096] __attribute__((aligned(4096))) = {1};
CASE(program_segments) {
  say("data %d, constants %d, code %d", probe(counter_page, 1), probe((char*)constant_page, 1),
      probe((char*)(uintptr_t)probe, 1));
  MUST(mprotect(counter_page, PAGE, PROT_READ));
  say("data after mprotect %d", probe(counter_page, 1));
}

static void* map_and_unmap(void* unused) {
  for (int i = 0; i < 200; i++) {
    char* memory = private_memory((i % 7 + 1) * PAGE, READ_WRITE);
    memory[0] = memory[i % 7 * PAGE] = (char)i;
    if (memory[0] != (char)i) say("CHECK failed: lost a byte");
    munmap(memory, (i % 7 + 1) * PAGE);
  }
  return unused;
}
CASE(threads_map_at_once) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    if (pthread_create(&threads[i], NULL, map_and_unmap, NULL)) abort();
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  say("done");
}

static size_t mapped_now(void) {
  char text[128];
  return strtoull(read_text("/proc/self/statm", text, sizeof text), NULL, 10) * 4096;
}

static void limit_to(int resource, size_t bytes) {
  struct rlimit limit;
  MUST(getrlimit(resource, &limit));
  limit.rlim_cur = bytes;
  MUST(setrlimit(resource, &limit));
}

CASE(limit_of_the_address_space) {
  const size_t mib = 1 << 20;
  limit_to(RLIMIT_AS, mapped_now() + 64 * mib);
  char* first = mmap(NULL, 32 * mib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(first != MAP_FAILED);
  CHECK_ERR((long)mmap(NULL, 48 * mib, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), ENOMEM);
  CHECK_ERR((long)mremap(first, 32 * mib, 80 * mib, MREMAP_MAYMOVE), ENOMEM);
  // What is replaced does not count twice.
  CHECK_EQ((long)mmap(first, 32 * mib, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), (long)first);
  CHECK_EQ((long)sbrk(48 * mib), -1);
  CHECK_EQ(munmap(first, 32 * mib), 0);
  CHECK(mmap(NULL, 48 * mib, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  pid_t child = MUST(fork());
  if (child == 0) _exit(mmap(NULL, 48 * mib, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 7 : 8);
  say("the child ended with %#x", wait_for(child));
}

CASE(limit_of_data) {
  const size_t mib = 1 << 20;
  limit_to(RLIMIT_DATA, 64 * mib);
  CHECK(mmap(NULL, 128 * mib, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  CHECK(mmap(NULL, 128 * mib, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  CHECK_ERR((long)mmap(NULL, 96 * mib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
  CHECK(mmap(NULL, 32 * mib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  CHECK_EQ((long)sbrk(48 * mib), -1);
}

CASE(limits_reach_the_next_program) {
  pid_t child = MUST(fork());
  if (child == 0) {
    limit_to(RLIMIT_AS, 192 << 20);
    execl("/usr/bin/python3", "python3", "-c",
          "import mmap\n"
          "try: mmap.mmap(-1, 256 << 20)\n"
          "except OSError as e: print(e)\n"
          "print(len(mmap.mmap(-1, 32 << 20)))",
          NULL);
  }
  say("the child ended with %#x", wait_for(child));
}

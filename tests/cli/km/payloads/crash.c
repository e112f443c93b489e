// Ends by the exception it is told to cause.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char not_code[16] = {(char)0xc3};
static const char read_only[16] = "constant";

static int recurse(int depth) {
  volatile char room[65536];
  room[0] = (char)depth;
  return recurse(depth + 1) + room[0];
}

static void jump_to_stub(void) {
  // The monitor's entry, with a return address that no program can have.
  __asm__ volatile("movabs $0x8000000000000000, %%rcx\n movabs $0x6f8000000000, %%rdx\n mov $39, %%eax\n jmp *%%rdx" ::
                       : "rcx", "rdx", "rax", "memory");
}

// Touches a page of a mapped file after the file lost it; natively the kernel says SIGBUS.
static int touch_lost_page(void) {
  int fd = open("lost-page", O_RDWR | O_CREAT, 0600);
  ftruncate(fd, 8192);
  volatile char* mapped = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  mapped[4096] = 1;
  ftruncate(fd, 4096);
  mapped[0] = 1;
  return mapped[4096];
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "divide"))
    __asm__ volatile("xor %%ecx, %%ecx\n mov $1, %%eax\n cltd\n idiv %%ecx" ::: "eax", "ecx", "edx");
  if (!strcmp(what, "null")) *(volatile int*)0 = 1;
  if (!strcmp(what, "read-only")) *(volatile char*)read_only = 'x';
  if (!strcmp(what, "no-execute")) ((void (*)(void))(uintptr_t)not_code)();
  if (!strcmp(what, "illegal")) __asm__ volatile("ud2");
  if (!strcmp(what, "breakpoint")) __asm__ volatile("int3");
  if (!strcmp(what, "lost-page")) return touch_lost_page();
  if (!strcmp(what, "stack")) return recurse(0);
  if (!strcmp(what, "general")) *(volatile int*)0x8000000000000000 = 1;
  if (!strcmp(what, "halt")) __asm__ volatile("hlt");
  if (!strcmp(what, "port")) __asm__ volatile("in $0x80, %%al" ::: "al");
  if (!strcmp(what, "doorbell-write")) *(volatile uint32_t*)0x6f0008000000 = 1;
  if (!strcmp(what, "doorbell-wide")) *(volatile uint64_t*)0x6f0008000000 = 1;
  if (!strcmp(what, "doorbell-read")) return *(volatile int*)0x6f0008000000;
  if (!strcmp(what, "doorbell-string")) {
    volatile void* to = (void*)0x6f0008000000;
    uint64_t count = 64;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
  }
  if (!strcmp(what, "system-page")) *(volatile int*)0x6f0000000000 = 1;
  if (!strcmp(what, "private-page")) return *(volatile int*)0x6f8000004000;
  if (!strcmp(what, "stub-write")) *(volatile char*)0x6f8000000000 = 1;
  if (!strcmp(what, "stub-return")) jump_to_stub();
  if (!strcmp(what, "segments")) __asm__ volatile("mov $0x10, %%eax\n mov %%eax, %%ss" ::: "eax");
  puts("survived");
  return 0;
}

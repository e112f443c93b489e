// Promise 4. Every call that makes, moves, removes or changes mappings is pointed at the monitor's.

// natively: broke
#include "attack.h"

#include <sys/shm.h>

enum { kPage = 4096 };

// Addresses the monitor may use: its stack, just above the payload's top, the gap of the brk heap, the first page.
static const uint64_t places[] = {target_page,    0x6f0000000000, 0x6effffffffff & ~0xfffUL,
                                  0x555540000000, 0x555555554000, 0x7ffff7ff0000,
                                  0x700000000000, 0x7ffff0000000};

static int is_outside(uint64_t address) {
  return (address >= 0x555540000000 && address < 0x556540000000) || address >= 0x6f0000000000;
}

static void check(const char* what, uint64_t place, long result) {
  if (result >= 0 && (is_outside((uint64_t)result) || (result == 0 && is_outside(place)))) {
    broke("%s at %#lx gave %#lx", what, place, result);
  }
}

int main(void) {
  void* mine = mmap(0, 16 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const int file = open("file", O_RDWR | O_CREAT, 0600);
  ftruncate(file, 16 * kPage);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
    const uint64_t at = places[i];
    unsigned char resident;
    check("mincore", at, CALL(SYS_mincore, at, kPage, &resident));
    check("mlock", at, CALL(SYS_mlock, at, kPage));
    // From just below the border into it, too.
    for (uint64_t size = kPage; size <= 1UL << 41; size <<= 12) {
      check("mmap", at, CALL(SYS_mmap, at, size, PROT_NONE, flags | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0));
      check("mmap below", at,
            CALL(SYS_mmap, at - kPage, size + kPage, 0, flags | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0));
      check("mremap to", at, CALL(SYS_mremap, mine, kPage, size, MREMAP_MAYMOVE | MREMAP_FIXED, at));
    }
    check("mmap fixed", at, CALL(SYS_mmap, at, kPage, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0));
    check("mmap file", at, CALL(SYS_mmap, at, kPage, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0));
    check("mremap from", at, CALL(SYS_mremap, at, kPage, 2 * kPage, MREMAP_MAYMOVE));
    check("mremap keep", at, CALL(SYS_mremap, at, kPage, kPage, MREMAP_MAYMOVE | 4));
    check("mprotect", at, CALL(SYS_mprotect, at, kPage, PROT_READ | PROT_WRITE));
    check("madvise", at, CALL(SYS_madvise, at, kPage, MADV_DONTNEED));
    check("munlock", at, CALL(SYS_munlock, at, kPage));
    check("msync", at, CALL(SYS_msync, at, kPage, MS_SYNC));
    check("pkey_mprotect", at, CALL(SYS_pkey_mprotect, at, kPage, PROT_READ, -1));
    check("mbind", at, CALL(SYS_mbind, at, kPage, 0, 0, 0, 0));
    check("remap_file_pages", at, CALL(SYS_remap_file_pages, at, kPage, 0, 0, 0));
    check("mseal", at, CALL(462, at, kPage, 0));
    void* pages[1] = {(void*)at};
    int status[1] = {-1};
    if (CALL(SYS_move_pages, 0, 1, pages, 0, status, 0) >= 0 && status[0] >= 0) broke("move_pages knows %#lx", at);
    const int segment = (int)CALL(SYS_shmget, IPC_PRIVATE, kPage, 0600);
    if (segment >= 0) {
      check("shmat", at, CALL(SYS_shmat, segment, at, SHM_REMAP));
      CALL(SYS_shmctl, segment, IPC_RMID, 0);
    }
    // munmap succeeds natively where nothing is mapped, and must then have done nothing.
    if (at != target_page) CALL(SYS_munmap, at, kPage);
  }
  CALL(SYS_munmap, 0x555540000000, 0x1000000000);
  CALL(SYS_munmap, 0x6f0000000000, 0x7ffffffde000 - 0x6f0000000000);
  const uint64_t top = (uint64_t)CALL(SYS_brk, 0x7fffffffe000);
  if (is_outside(top)) broke("brk reached %#lx", top);
  if (reaches(target)) broke("the monitor can be read at %#lx", target);
  held();
}

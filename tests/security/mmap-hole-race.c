// Promise 4. While mappings grow, shrink and move in place, other threads make the monitor allocate and map beside
// them: nothing of the monitor may come to lie where the payload then finds its new memory.

// natively: held
#include "attack.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { kPage = 4096 };

static void check_zero(const char* from, size_t size, const char* what) {
  for (size_t i = 0; i < size; i += 8) {
    if (*(const volatile uint64_t*)(from + i) != 0) broke("%s is not empty: %#lx", what, *(const uint64_t*)(from + i));
  }
}

static void* grow(void* unused) {
  while (attacking()) {
    char* area = mmap(0, 512 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(area + kPage, 511 * kPage);
    for (size_t pages = 1; pages < 400; pages += 57) {
      char* grown = mremap(area, pages * kPage, (pages + 57) * kPage, 0);
      if (grown == MAP_FAILED) break;  // another thread was there first
      check_zero(grown + pages * kPage, 57 * kPage, "a grown mapping");
      memset(grown + pages * kPage, 1, 57 * kPage);
    }
    munmap(area, 512 * kPage);
  }
  return unused;
}

static void* map_beside(void* unused) {
  while (attacking()) {
    char* area = mmap(0, 64 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) continue;
    check_zero(area, 64 * kPage, "a new mapping");
    memset(area, 2, 64 * kPage);
    char* moved = mremap(area, 64 * kPage, 96 * kPage, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) moved = area;
    munmap(moved, 96 * kPage);
  }
  return unused;
}

// Calls that need much memory in the monitor, and threads that need stacks there.
static void* make_it_allocate(void* unused) {
  static struct pollfd entries[1000];
  static char control[60000];
  int sockets[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets);
  for (int i = 0; i < 1000; ++i) entries[i].fd = -1;
  static struct mmsghdr messages[16];
  for (int i = 0; i < 16; ++i)
    messages[i].msg_hdr = (struct msghdr){.msg_control = control, .msg_controllen = sizeof control};
  while (attacking()) {
    CALL(SYS_poll, entries, 1000, 0);
    CALL(SYS_sendmmsg, sockets[0], messages, 16, MSG_DONTWAIT);
  }
  return unused;
}

static void* nothing(void* argument) { return argument; }

int main(void) {
  const pthread_t threads[4] = {start_thread(grow, 0), start_thread(grow, 0), start_thread(map_beside, 0),
                                start_thread(make_it_allocate, 0)};
  while (attacking()) join(start_thread(nothing, 0));
  for (int i = 0; i < 4; ++i) join(threads[i]);
  held();
}

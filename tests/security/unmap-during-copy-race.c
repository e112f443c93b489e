// Promises 1 and 6. Buffers, paths, vectors and structures disappear, become read-only and come back while calls read
// and write them: each call works or gives EFAULT, the monitor goes on.

// natively: held
#include "attack.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { kPage = 4096, kPages = 8 };
static char* area;

static void* pull_away(void* unused) {
  const int file = *(int*)unused;
  for (unsigned round = 0; attacking(); ++round) {
    char* page = area + round % kPages * kPage;
    switch (round % 5) {
      case 0: munmap(page, kPage); break;
      case 1: mprotect(page, kPage, PROT_NONE); break;
      case 2: mprotect(page, kPage, PROT_READ); break;
      case 3:
        mmap(page, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
        ftruncate(file, 0);
        break;
      case 4: madvise(page, kPage, MADV_DONTNEED); break;
    }
    mmap(page, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    ftruncate(file, kPage);
  }
  return unused;
}

static void check(const char* call, long result) {
  if (result < 0 && result != -EFAULT && result != -EAGAIN && result != -EINVAL && result != -ENOENT &&
      result != -EMSGSIZE && result != -ENAMETOOLONG && result != -ENOTDIR && result != -ENOBUFS && result != -EEXIST) {
    broke("%s gave %ld", call, result);
  }
}

int main(void) {
  area = mmap(0, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int file = open("file", O_RDWR | O_CREAT, 0600), sockets[2];
  const int zeroes = open("/dev/zero", O_RDWR);
  socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, sockets);
  const pthread_t pullers[2] = {start_thread(pull_away, &file), start_thread(pull_away, &file)};
  for (unsigned round = 0; attacking(); ++round) {
    char* at = area + (round * 1237) % ((kPages - 2) * kPage);
    check("read", CALL(SYS_read, zeroes, at, 2 * kPage));
    check("write", CALL(SYS_write, zeroes, at, 2 * kPage));
    check("stat", CALL(SYS_stat, at, at + 64));
    check("fstat", CALL(SYS_fstat, zeroes, at));
    check("getcwd", CALL(SYS_getcwd, at, kPage));
    check("readv", CALL(SYS_readv, zeroes, at, 64));
    check("poll", CALL(SYS_poll, at, 256, 0));
    check("sendmsg", CALL(SYS_sendmsg, sockets[0], at, 0));
    check("recvmsg", CALL(SYS_recvmsg, sockets[1], at, 0));
    check("open", CALL(SYS_open, at, O_RDONLY | O_PATH) < 0 ? 0 : CALL(SYS_close_range, 20, ~0U, 0));
    check("gettime", CALL(SYS_clock_gettime, 0, at));
    check("sigaction", CALL(SYS_rt_sigaction, SIGUSR2, 0, at, 8));
    CALL(SYS_close_range, 8, ~0U, 0);
  }
  for (int i = 0; i < 2; ++i) join(pullers[i]);
  held();
}

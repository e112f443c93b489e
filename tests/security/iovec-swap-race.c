// Promise 1. While readv, writev and their relatives run, another thread exchanges the vector's address for one in the
// monitor: whoever reads the vector twice copies from there, or to there.

// natively: broke
#include "attack.h"

#include <sys/uio.h>

enum { kSize = 64 };
static char buffer[kSize], received[kSize], pattern[kSize];
static struct iovec vector = {buffer, kSize};

static void* swap(void* unused) {
  void* volatile* base = &vector.iov_base;
  while (attacking()) {
    for (int i = 0; i < 1000; ++i) *base = i % 2 ? (void*)target : buffer;
  }
  return unused;
}

static long send_vector(int file, int pipe_end, unsigned way) {
  switch (way % 4) {
    case 0: return CALL(SYS_writev, pipe_end, &vector, 1);
    case 1: return CALL(SYS_vmsplice, pipe_end, &vector, 1, 0);
    case 2: return CALL(SYS_pwritev2, pipe_end, &vector, 1, -1, -1, 0);
    default:
      return CALL(SYS_pwritev, file, &vector, 1, 0, 0) > 0 ? CALL(SYS_splice, file, &(long){0}, pipe_end, 0, kSize, 0)
                                                           : 0;
  }
}

int main(void) {
  int ends[2];
  pipe(ends);
  const int file = open("file", O_RDWR | O_CREAT, 0600);
  memset(pattern, 'p', kSize);
  const pthread_t swapper = start_thread(swap, 0);
  for (unsigned round = 0; attacking(); ++round) {
    memset(buffer, 'p', kSize);
    const long sent = send_vector(file, ends[1], round);
    if (sent > 0 && (read(ends[0], received, (size_t)sent), memcmp(received, pattern, (size_t)sent) != 0)) {
      broke("round %u sent bytes of the monitor", round);
    }
    memset(buffer, 0, kSize);
    write(ends[1], pattern, kSize);
    const long got = CALL(round % 2 ? SYS_readv : SYS_preadv2, ends[0], &vector, 1, -1, -1, 0);
    if (got > 0 && memcmp(buffer, pattern, (size_t)got) != 0) broke("round %u wrote into the monitor", round);
    if (got < 0) read(ends[0], received, kSize);
  }
  join(swapper);
  held();
}

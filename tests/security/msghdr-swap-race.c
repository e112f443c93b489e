// Promise 1. The pointers and lengths inside a message header change while sendmsg, recvmsg and sendmmsg read them.

// natively: broke
#include "attack.h"

#include <sys/socket.h>
#include <sys/uio.h>

enum { kSize = 64 };
static char buffer[kSize], pattern[kSize];
static struct iovec good = {buffer, kSize}, vectors[2] = {{buffer, kSize}, {buffer, kSize}};
static struct mmsghdr message = {{.msg_iov = &good, .msg_iovlen = 1}, 0};

static void* swap(void* unused) {
  struct iovec* volatile* vector = &message.msg_hdr.msg_iov;
  void* volatile* control = &message.msg_hdr.msg_control;
  volatile size_t* size = &message.msg_hdr.msg_controllen;
  void* volatile* base = &vectors[0].iov_base;
  while (attacking()) {
    *base = (void*)target;
    for (int i = 0; i < 50; ++i) *vector = i % 2 ? vectors : &good;
    *base = buffer;
    for (int i = 0; i < 50; ++i) *vector = i % 2 ? (void*)target : &good;
    *vector = &good;
    for (int i = 0; i < 50; ++i) {
      *control = i % 2 ? (void*)target : 0;
      *size = i % 2 ? 32 : 0;
    }
    *control = 0;
    *size = 0;
  }
  return unused;
}

int main(void) {
  int sockets[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets);
  fcntl(sockets[1], F_SETFL, O_NONBLOCK);
  memset(pattern, 'p', kSize);
  const pthread_t swapper = start_thread(swap, 0);
  for (unsigned round = 0; attacking(); ++round) {
    char received[kSize] = {0};
    memset(buffer, 'p', kSize);
    const long sent =
        round % 2 ? CALL(SYS_sendmsg, sockets[0], &message.msg_hdr, 0) : CALL(SYS_sendmmsg, sockets[0], &message, 1, 0);
    if (sent > 0) {
      const long got = read(sockets[1], received, kSize);
      if (got > 0 && memcmp(received, pattern, (size_t)got) != 0) broke("round %u sent bytes of the monitor", round);
    }
    memset(buffer, 0, kSize);
    write(sockets[0], pattern, kSize);
    const long got = CALL(SYS_recvmsg, sockets[1], &message.msg_hdr, 0);
    if (got > 0 && memcmp(buffer, pattern, kSize) != 0) broke("round %u wrote into the monitor", round);
    if (got < 0) read(sockets[1], received, kSize);
  }
  join(swapper);
  held();
}

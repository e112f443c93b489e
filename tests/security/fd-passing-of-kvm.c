// Promise 2. A process outside passes KVM, its objects and other forbidden descriptors; other threads try to use each
// number before the monitor has judged it.

// natively: broke

// helper: send
#include "attack.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct sockaddr_un address = {AF_UNIX, "socket"};

static void send_fd(int connection, int fd) {
  char control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec vector = {"x", 1};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (sendmsg(connection, &message, MSG_NOSIGNAL) < 0) exit(0);
}

static int send_forever(void) {
  const int kvm = open("/dev/kvm", O_RDWR);
  const int machine = ioctl(kvm, 0xae01 /* KVM_CREATE_VM */, 0);
  struct perf_event_attr attributes = {.size = sizeof attributes, .type = PERF_TYPE_SOFTWARE, .config = 1};
  const int forbidden[] = {kvm,
                           machine,
                           ioctl(machine, 0xae41 /* KVM_CREATE_VCPU */, 0),
                           open("/proc/self/mem", O_RDWR),
                           (int)syscall(SYS_userfaultfd, O_CLOEXEC),
                           (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0)};
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 1) != 0) return 1;
  const int connection = accept(listener, 0, 0);
  for (unsigned round = 0;; ++round) {
    const int fd = forbidden[round % (sizeof forbidden / sizeof *forbidden)];
    if (fd >= 0) send_fd(connection, fd);
  }
}

static void* take(void* unused) {
  while (attacking()) {
    for (int number = 4; number < 12; ++number) {
      const int copy = fcntl(number, F_DUPFD_CLOEXEC, 100);
      if (copy < 0) continue;
      if (is_forbidden_fd(copy)) broke("number %d was usable before it was judged", number);
      close(copy);
    }
  }
  return unused;
}

static int connect_to_sender(void) {
  const int connection = socket(AF_UNIX, SOCK_STREAM, 0);
  for (int tries = 0; tries < 500; ++tries) {
    if (connect(connection, (const struct sockaddr*)&address, sizeof address) == 0) return connection;
    usleep(10000);
  }
  failed("connect");
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "send") == 0) return send_forever();
  const int connection = connect_to_sender();
  unlink(address.sun_path);
  const pthread_t takers[2] = {start_thread(take, 0), start_thread(take, 0)};
  for (int round = 0; attacking(); ++round) {
    char control[CMSG_SPACE(sizeof(int))], byte;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(connection, &message, 0) <= 0) failed("recvmsg");
    const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    int fd = -1;
    if (header != NULL) memcpy(&fd, CMSG_DATA(header), sizeof fd);
    if (fd >= 0 && is_forbidden_fd(fd)) {
      char text[256];
      broke("message %d gave %s", round, name_of_fd(fd, &text));
    }
    if (fd >= 0) close(fd);
  }
  for (int i = 0; i < 2; ++i) join(takers[i]);
  held();
}

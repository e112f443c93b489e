// Promise 2. Every number that is not the payload's is named in every call that takes one, or a set of them.

// natively: broke
#include "attack.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>

enum { kOwn = 6, kNumbers = 1100 };

static int queue, channel[2];

static long send_number(int number) {
  char control[CMSG_SPACE(sizeof number)] = {0};
  struct iovec vector = {"x", 1};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof number);
  memcpy(CMSG_DATA(header), &number, sizeof number);
  return CALL(SYS_sendmsg, channel[0], &message, MSG_DONTWAIT);
}

static long select_number(int number) {
  fd_set* set = calloc(1, kNumbers / 8);
  struct timeval zero = {0};
  ((unsigned char*)set)[number / 8] |= (unsigned char)(1 << number % 8);
  const long result = CALL(SYS_select, number + 1, set, 0, 0, &zero);
  free(set);
  return result;
}

static void must_not_exist(int number, const char* call, long result) {
  if (result >= 0) broke("%s of %d gave %ld", call, number, result);
}

static void attack(int number) {
  struct stat info;
  struct pollfd entry = {number, POLLIN | POLLOUT, 0};
  struct epoll_event event = {.events = EPOLLIN};
  char text[256];
  must_not_exist(number, "fstat", CALL(SYS_fstat, number, &info));
  must_not_exist(number, "fcntl", CALL(SYS_fcntl, number, F_GETFD));
  must_not_exist(number, "dup", CALL(SYS_dup, number));
  must_not_exist(number, "dup2", CALL(SYS_dup2, number, number + 1));
  must_not_exist(number, "ioctl", CALL(SYS_ioctl, number, FIOCLEX, 0));
  must_not_exist(number, "mmap", CALL(SYS_mmap, 0, 4096, PROT_READ, MAP_SHARED, number, 0));
  must_not_exist(number, "read", CALL(SYS_read, number, text, 0));
  must_not_exist(number, "fchmod", CALL(SYS_fchmod, number, 0600));
  must_not_exist(number, "newfstatat", CALL(SYS_newfstatat, number, "", &info, AT_EMPTY_PATH));
  must_not_exist(number, "epoll_ctl", CALL(SYS_epoll_ctl, queue, EPOLL_CTL_ADD, number, &event));
  must_not_exist(number, "SCM_RIGHTS", send_number(number));
  must_not_exist(number, "select", select_number(number));
  must_not_exist(number, "pidfd_getfd", CALL(SYS_pidfd_getfd, number, number, 0));
  must_not_exist(number, "execveat", CALL(SYS_execveat, number, "", 0, 0, AT_EMPTY_PATH));
  if (CALL(SYS_poll, &entry, 1, 0) > 0 && entry.revents != POLLNVAL)
    broke("poll of %d gave %#x", number, entry.revents);
  char path[64];
  static const char* const folders[] = {"/proc/self/fd", "/proc/thread-self/fd", "/dev/fd", "/proc/self/fdinfo"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; ++i) {
    snprintf(path, sizeof path, "%s/%d", folders[i], number);
    must_not_exist(number, path, CALL(SYS_stat, path, &info));
    must_not_exist(number, path, CALL(SYS_open, path, O_RDONLY | O_NONBLOCK));
    must_not_exist(number, path, CALL(SYS_readlink, path, text, sizeof text));
    unlink("link");
    symlink(path, "link");
    must_not_exist(number, "stat of a link", CALL(SYS_stat, "link", &info));
    must_not_exist(number, "open of a link", CALL(SYS_open, "link", O_RDONLY | O_NONBLOCK));
    must_not_exist(number, "truncate of a link", CALL(SYS_truncate, "link", 0));
    must_not_exist(number, "linkat", CALL(SYS_linkat, AT_FDCWD, "link", AT_FDCWD, "stolen", AT_SYMLINK_FOLLOW));
  }
}

int main(void) {
  CALL(SYS_close_range, 3, ~0U, 0);  // what was inherited
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, channel) != 0) failed("socketpair");
  queue = epoll_create1(0);
  if (queue != kOwn - 1) failed("numbers are not what they should be");
  if (!is_kontained()) open("/dev/kvm", O_RDWR);  // a monitor's, for the native run
  for (int number = kOwn; number < kNumbers; ++number) attack(number);
  CALL(SYS_close_range, kOwn, ~0U, 0);
  attack(kOwn);
  held();
}

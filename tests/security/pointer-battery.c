// Promise 1. Every system call that reads or writes through a pointer is given one into the monitor.

// natively: broke
#include "attack.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define T target
#define ROW(...)                  \
  {                               \
    #__VA_ARGS__, { __VA_ARGS__ } \
  }

static int inotify_fd(void) { return (int)syscall(SYS_inotify_init1, 0); }
static int timer_fd(void) { return (int)syscall(SYS_timerfd_create, 1, 0); }

int main(void) {
  static char buffer[4096];
  static char path[] = "file", link_path[] = "link";
  static struct iovec vector = {(void*)0x7fffffffe800, 8};
  static struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  static struct timespec zero;
  static struct epoll_event event = {.events = EPOLLOUT};
  static int room[3] = {128, 128, 128};
  static const short family = AF_UNIX;
  int ends[2], sockets[2];
  pipe(ends);
  socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, sockets);
  bind(sockets[0], (const void*)&family, sizeof family);  // the kernel chooses an abstract name
  const int file = open(path, O_RDWR | O_CREAT, 0600);
  const int directory = open(".", O_RDONLY);
  const int zeroes = open("/dev/zero", O_RDWR);
  const int queue = epoll_create1(0);
  symlink("x", link_path);
  write(file, buffer, sizeof buffer);
  write(sockets[0], buffer, 8);
  write(sockets[0], buffer, 8);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  epoll_ctl(queue, EPOLL_CTL_ADD, sockets[0], &event);
  const long b = (long)buffer, p = (long)path, v = (long)&vector, m = (long)&message;

  const struct {
    const char* text;
    long call[7];
  } rows[] = {
      ROW(SYS_read, zeroes, T, 8),
      ROW(SYS_write, ends[1], T, 8),
      ROW(SYS_open, T, 0),
      ROW(SYS_stat, p, T),
      ROW(SYS_stat, T, b),
      ROW(SYS_fstat, file, T),
      ROW(SYS_lstat, p, T),
      ROW(SYS_poll, T, 1, 0),
      ROW(SYS_rt_sigaction, SIGUSR1, 0, T, 8),
      ROW(SYS_rt_sigaction, SIGUSR1, T, 0, 8),
      ROW(SYS_rt_sigprocmask, 0, 0, T, 8),
      ROW(SYS_rt_sigprocmask, 0, T, 0, 8),
      ROW(SYS_pread64, file, T, 8, 0),
      ROW(SYS_pwrite64, file, T, 8, 0),
      ROW(SYS_readv, zeroes, v, 1),
      ROW(SYS_writev, ends[1], v, 1),
      ROW(SYS_writev, ends[1], T, 1),
      ROW(SYS_access, T, 0),
      ROW(SYS_pipe, T),
      ROW(SYS_pipe2, T, 0),
      ROW(SYS_select, 8, T, 0, 0, (long)&zero),
      ROW(SYS_pselect6, 8, 0, T, 0, (long)&zero, 0),
      ROW(SYS_mincore, (long)buffer & -4096, 4096, T),
      ROW(SYS_nanosleep, T, 0),
      ROW(SYS_sendfile, sockets[1], file, T, 8),
      ROW(SYS_connect, sockets[0], T, 110),
      ROW(SYS_sendto, sockets[0], T, 8, 0, 0, 0),
      ROW(SYS_recvfrom, sockets[1], T, 8, 0, 0, 0),
      ROW(SYS_recvfrom, sockets[1], b, 8, MSG_PEEK, T, (long)&room[0]),
      ROW(SYS_recvfrom, sockets[1], b, 8, MSG_PEEK, b, T),
      ROW(SYS_sendmsg, sockets[0], m, 0),
      ROW(SYS_sendmsg, sockets[0], T, 0),
      ROW(SYS_recvmsg, sockets[1], m, MSG_PEEK),
      ROW(SYS_recvmsg, sockets[1], T, MSG_PEEK),
      ROW(SYS_sendmmsg, sockets[0], T, 1, 0),
      ROW(SYS_getsockname, sockets[0], T, (long)&room[1]),
      ROW(SYS_getsockname, sockets[0], b, T),
      ROW(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, T),
      ROW(SYS_setsockopt, sockets[0], SOL_SOCKET, SO_KEEPALIVE, T, 4),
      ROW(SYS_getsockopt, sockets[0], SOL_SOCKET, SO_TYPE, T, (long)&room[2]),
      ROW(SYS_getsockopt, sockets[0], SOL_SOCKET, SO_TYPE, b, T),
      ROW(SYS_uname, T),
      ROW(SYS_fcntl, file, F_GETLK, T),
      ROW(SYS_ioctl, ends[0], 0x541b /* FIONREAD */, T),
      ROW(SYS_getcwd, T, 4096),
      ROW(SYS_getdents64, directory, T, 2048),
      ROW(SYS_mkdir, T, 0700),
      ROW(SYS_readlink, (long)link_path, T, 1),
      ROW(SYS_readlink, T, b, 16),
      ROW(SYS_gettimeofday, T, 0),
      ROW(SYS_getrlimit, RLIMIT_CORE, T),
      ROW(SYS_getrusage, 0, T),
      ROW(SYS_sysinfo, T),
      ROW(SYS_times, T),
      ROW(SYS_capget, T, 0),
      ROW(SYS_rt_sigpending, T, 8),
      ROW(SYS_sigaltstack, 0, T),
      ROW(SYS_statfs, p, T),
      ROW(SYS_fstatfs, file, T),
      ROW(SYS_sched_getparam, 0, T),
      ROW(SYS_sched_rr_get_interval, 0, T),
      ROW(SYS_sched_getaffinity, 0, 128, T),
      ROW(SYS_prctl, 16 /* PR_GET_NAME */, T),
      ROW(SYS_prctl, 15 /* PR_SET_NAME */, T),
      ROW(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, T),
      ROW(SYS_time, T),
      ROW(SYS_futex, T, 1 /* FUTEX_WAKE */, 1),
      ROW(SYS_futex, T, 0 /* FUTEX_WAIT */, 0, (long)&zero),
      ROW(SYS_futex, b, 3 /* FUTEX_REQUEUE */, 0, 0, T),
      ROW(SYS_epoll_ctl, queue, EPOLL_CTL_MOD, sockets[0], T),
      ROW(SYS_epoll_wait, queue, T, 1, 0),
      ROW(SYS_clock_gettime, 0, T),
      ROW(SYS_clock_getres, 0, T),
      ROW(SYS_utimensat, AT_FDCWD, p, T, 0),
      ROW(SYS_getcpu, T, 0, 0),
      ROW(SYS_prlimit64, 0, RLIMIT_CORE, 0, T),
      ROW(SYS_getrandom, T, 8, 0),
      ROW(SYS_memfd_create, T, 0),
      ROW(SYS_statx, AT_FDCWD, p, 0, 0x7ff, T),
      ROW(SYS_copy_file_range, file, T, file, 0, 8, 0),
      ROW(SYS_preadv, file, v, 1, 0),
      ROW(SYS_preadv2, file, v, 1, 0, 0, 0),
      ROW(SYS_pwritev, file, v, 1, 0),
      ROW(SYS_vmsplice, ends[1], v, 1, 0),
      ROW(SYS_ppoll, T, 1, (long)&zero, 0, 0),
      ROW(SYS_wait4, -1, T, WNOHANG),
      ROW(SYS_waitid, P_ALL, 0, T, WNOHANG | WEXITED),
      ROW(SYS_execve, T, 0, 0),
      ROW(SYS_openat2, AT_FDCWD, p, T, 24),
      ROW(SYS_inotify_add_watch, inotify_fd(), T, 1),
      ROW(SYS_setxattr, p, T, b, 1, 0),
      ROW(SYS_listxattr, T, b, 16),
      ROW(SYS_timerfd_settime, timer_fd(), 0, T, 0),
      ROW(SYS_timerfd_gettime, timer_fd(), T),
      ROW(SYS_rt_sigtimedwait, b, T, (long)&zero, 8),
      ROW(SYS_timer_create, 0, 0, T),
      ROW(SYS_getitimer, 0, T),
      ROW(SYS_setitimer, 0, T, 0),
      ROW(SYS_set_robust_list, T, 0),
      ROW(SYS_get_robust_list, 0, T, T),
      ROW(435 /* clone3 */, T, 88),
  };
  int reached = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const long* c = rows[i].call;
    const long result = CALL(c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
    if (result < 0) continue;
    printf("%s gave %ld\n", rows[i].text, result);
    ++reached;
  }
  if (reached != 0) broke("%d calls reached the monitor", reached);
  held();
}

// Pipes and what waits for them: poll, select, epoll, eventfd, signals; descriptors passed over sockets.
#include "tests/conformance/case.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

static char buffer[1 << 16];

CASE(pipes) {
  int ends[2];
  struct stat status;
  MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
  CHECK_ERR(read(ends[0], buffer, 1), EAGAIN);
  CHECK_EQ(write(ends[1], buffer, 4096), 4096);
  int size = 0;
  MUST(ioctl(ends[0], FIONREAD, &size));
  say("waiting %d, capacity %d", size, fcntl(ends[0], F_GETPIPE_SZ));
  while (write(ends[1], buffer, 4096) > 0) {
  }
  CHECK_EQ(errno, EAGAIN);
  close(ends[1]);
  long total = 0;
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) total += got;
  say("read %ld then the end", total);
  MUST(fstat(ends[0], &status));
  say("fifo %d", S_ISFIFO(status.st_mode));
  CHECK_ERR(lseek(ends[0], 0, SEEK_SET), ESPIPE);
}

static int write_and_exit(void* end) {
  for (int i = 0; i < 100; i++)
    if (write((int)(long)end, buffer, 1000) != 1000) return 1;
  return 0;
}
CASE(pipe_from_a_child) {
  int ends[2];
  MUST(pipe(ends));
  pid_t pid = start_child(write_and_exit, (void*)(long)ends[1]);
  close(ends[1]);
  long total = 0;
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) total += got;
  say("%ld", total);
  say_status("child", wait_for(pid));
}

CASE(poll_events) {
  int ends[2];
  MUST(pipe(ends));
  struct pollfd fds[] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {999, POLLIN, 0}, {-1, POLLIN, 77}};
  say("%d: %x %x %x %x", poll(fds, 4, 0), fds[0].revents, fds[1].revents, fds[2].revents, fds[3].revents);
  MUST(write(ends[1], "x", 1));
  say("%d: %x", poll(fds, 2, 1000), fds[0].revents);
  close(ends[1]);
  say("%d: %x", poll(fds, 1, 1000), fds[0].revents);
  int other[2];
  MUST(pipe(other));
  close(other[0]);
  struct pollfd broken = {other[1], POLLOUT, 0};
  say("%d: %x", poll(&broken, 1, 0), broken.revents);
  CHECK_ERR(poll((struct pollfd*)16, 1, 0), EFAULT);
}

CASE(select_sets) {
  int ends[2];
  fd_set readers, writers;
  struct timeval none = {0, 0};
  MUST(pipe(ends));
  MUST(write(ends[1], "x", 1));
  FD_ZERO(&readers);
  FD_ZERO(&writers);
  FD_SET(ends[0], &readers);
  FD_SET(ends[1], &writers);
  say("%d: %d %d", select(ends[1] + 1, &readers, &writers, NULL, &none), FD_ISSET(ends[0], &readers) != 0,
      FD_ISSET(ends[1], &writers) != 0);
  FD_SET(50, &readers);  // below 64: the kernel looks no further than its table
  CHECK_ERR(select(51, &readers, NULL, NULL, &none), EBADF);
  CHECK_ERR(select(-1, NULL, NULL, NULL, &none), EINVAL);
}

CASE(epoll_modes) {
  int ends[2], epoll = MUST(epoll_create1(EPOLL_CLOEXEC));
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.u64 = 0x1122334455667788}}, got[4];
  MUST(pipe(ends));
  MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
  CHECK_ERR(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
  CHECK_ERR(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[1], &event), ENOENT);
  CHECK_ERR(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL);
  CHECK_ERR(epoll_ctl(epoll, EPOLL_CTL_ADD, make_file("data", "", 0, 0600), &event), EPERM);
  MUST(write(ends[1], "x", 1));
  say("edge: %d", epoll_wait(epoll, got, 4, 1000));
  say("data %llx", (unsigned long long)got[0].data.u64);
  say("edge again: %d", epoll_wait(epoll, got, 4, 0));
  event.events = EPOLLIN | EPOLLONESHOT;
  MUST(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event));
  say("once: %d, then %d", epoll_wait(epoll, got, 4, 1000), epoll_wait(epoll, got, 4, 0));
  event.events = EPOLLIN;
  MUST(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event));
  say("level: %d, %d", epoll_wait(epoll, got, 4, 1000), epoll_wait(epoll, got, 4, 1000));
  close(ends[0]);
  say("closed: %d", epoll_wait(epoll, got, 4, 0));
  CHECK_ERR(epoll_wait(epoll, got, 0, 0), EINVAL);
}

static int epoll_in_child(void* epoll) {
  struct epoll_event event;
  return epoll_wait((int)(long)epoll, &event, 1, 10000) == 1 ? (int)event.data.u32 : 99;
}
CASE(epoll_over_fork) {
  int ends[2], epoll = MUST(epoll_create1(0));
  struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = 7}};
  MUST(pipe(ends));
  MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
  pid_t pid = start_child(epoll_in_child, (void*)(long)epoll);
  wait_asleep_in(pid, pid);
  MUST(write(ends[1], "x", 1));
  say_status("child", wait_for(pid));
}

CASE(eventfd_forms) {
  uint64_t value = 0;
  int fd = MUST(eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE));
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(read(fd, &value, 8), 8);
    CHECK_EQ(value, 1);
  }
  CHECK_ERR(read(fd, &value, 8), EAGAIN);
  value = 5;
  CHECK_EQ(write(fd, &value, 8), 8);
  value = ~0ULL;
  CHECK_ERR(write(fd, &value, 8), EINVAL);
  CHECK_ERR(write(fd, &value, 4), EINVAL);
  fd = MUST(eventfd(7, 0));
  CHECK_EQ(read(fd, &value, 8), 8);
  say("%d", (int)value);
}

static ssize_t send_fd(int socket, int fd) {
  char control[CMSG_SPACE(sizeof fd)];
  struct iovec vector = {(void*)"f", 1};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  memset(control, 0, sizeof control);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, &message, 0);
}

static int receive_fd(int socket, int flags) {
  char control[CMSG_SPACE(sizeof(int))], byte;
  struct iovec vector = {&byte, 1};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(socket, &message, flags) != 1) return -1;
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  int fd = -1;
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

CASE(passing_descriptors) {
  int pair[2], fd = make_file("data", "passed", 6, 0600);
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  CHECK_EQ(send_fd(pair[0], fd), 1);
  close(fd);
  int got = MUST(receive_fd(pair[1], MSG_CMSG_CLOEXEC));
  char text[8] = "";
  MUST(pread(got, text, 6, 0));
  say("%s, flags %d", text, fcntl(got, F_GETFD));
  CHECK_ERR(send_fd(pair[0], 777), EBADF);
}

static int pass_to_parent(void* socket) {
  return send_fd((int)(long)socket, make_file("child", "from the child", 14, 0600)) != 1;
}
CASE(passing_between_processes) {
  int pair[2];
  char text[20] = "";
  MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
  pid_t pid = start_child(pass_to_parent, (void*)(long)pair[0]);
  int fd = MUST(receive_fd(pair[1], 0));
  MUST(pread(fd, text, 19, 0));
  say("%s", text);
  say_status("child", wait_for(pid));
}

CASE(credentials_over_a_socket) {
  int pair[2];
  struct ucred who;
  socklen_t size = sizeof who;
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  MUST(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &size));
  say("pid %d, uid %d", who.pid == getpid(), who.uid == getuid());
}

static volatile int got_signal;
static void note(int signal, siginfo_t* info, void* context) {
  (void)context;
  got_signal = signal;
  CHECK(info->si_fd > 2);
  CHECK(info->si_band & POLLIN);
}
CASE(signal_driven_input) {
  int pair[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  set_info_handler(SIGUSR1, note, 0);
  MUST(fcntl(pair[0], F_SETOWN, getpid()));
  MUST(fcntl(pair[0], F_SETSIG, SIGUSR1));
  MUST(fcntl(pair[0], F_SETFL, O_ASYNC | O_NONBLOCK));
  CHECK_EQ(fcntl(pair[0], F_GETOWN), getpid());
  MUST(write(pair[1], "x", 1));
  wait_value(&got_signal, SIGUSR1);
  say("signal %d", got_signal);
}

static volatile int notices, noticed_fd;
static void note_folder(int signal, siginfo_t* info, void* context) {
  (void)context, (void)signal;
  noticed_fd = info->si_fd;
  notices++;
}
CASE(signals_of_a_folder) {
  MUST(mkdir("folder", 0700));
  int folder = MUST(open("folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  set_info_handler(SIGRTMIN, note_folder, 0);
  MUST(fcntl(folder, F_SETSIG, SIGRTMIN));
  CHECK_ERR(fcntl(0, F_NOTIFY, DN_CREATE), ENOTDIR);
  MUST(fcntl(folder, F_NOTIFY, DN_CREATE | DN_DELETE | DN_MULTISHOT));
  close(make_file("folder/file", NULL, 0, 0600));
  wait_value(&notices, 1);
  MUST(unlink("folder/file"));
  wait_value(&notices, 2);
  CHECK_EQ(noticed_fd, folder);
  MUST(fcntl(folder, F_NOTIFY, 0));
  MUST(mkdir("folder/below", 0700));
  nap_ms(20);
  say("%d notices", notices);
}

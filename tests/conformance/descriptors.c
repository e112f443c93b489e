// Descriptors: numbers, duplication, limits, pipes, polling, passing, locks.
#include "tests/conformance/case.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static char buffer[1 << 16];

CASE(lowest_number_first) {
  int first = MUST(open("/dev/null", O_RDONLY));
  say("%d", first);
  int second = MUST(dup(first)), third = MUST(dup(first));
  close(second);
  say("%d %d", MUST(dup(first)), third);
  close(0);
  say("%d", MUST(open("/dev/null", O_RDONLY)));
}

CASE(dup2_and_dup3) {
  int fd = make_file("data", "abc", 3, 0600);
  say("%d %d", dup2(fd, 20), dup2(fd, fd));
  CHECK_ERR(dup3(fd, fd, 0), EINVAL);
  CHECK_EQ(dup3(fd, 21, O_CLOEXEC), 21);
  say("flags %d %d", fcntl(20, F_GETFD), fcntl(21, F_GETFD));
  CHECK_ERR(dup2(99, 5), EBADF);
  CHECK_ERR(dup2(fd, -1), EBADF);
  CHECK_ERR(syscall(SYS_dup3, fd, 22, O_APPEND), EINVAL);
  MUST(lseek(20, 1, SEEK_SET));
  say("shared offset %ld", (long)lseek(fd, 0, SEEK_CUR));
}

CASE(numbers_up_to_the_limit) {
  struct rlimit limit;
  int numbers[] = {100, 255, 256, 511, 512, 700, 900, 1000, 1016, 1020, 1023};
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 1024;
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  int fd = make_file("data", "abc", 3, 0600);
  for (int i = 0; i < 11; i++) {
    CHECK_EQ(dup2(fd, numbers[i]), numbers[i]);
    CHECK_EQ(pread(numbers[i], buffer, 3, 0), 3);
  }
  CHECK_ERR(dup2(fd, 1024), EBADF);
  CHECK_ERR(fcntl(fd, F_DUPFD, 1024), EINVAL);
  for (int i = 0; i < 11; i++) CHECK_EQ(close(numbers[i]), 0);
  say("all usable");
}

CASE(numbers_when_the_limit_is_high) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = limit.rlim_max;
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  int fd = make_file("data", "abc", 3, 0600);
  int numbers[] = {1023, 1024, 3000, 5000};
  for (int i = 0; i < 4; i++) {
    CHECK_EQ(dup2(fd, numbers[i]), numbers[i]);
    CHECK_EQ(pread(numbers[i], buffer, 3, 0), 3);
  }
  say("%d", fcntl(fd, F_DUPFD, 2000));
}

CASE(numbers_taken_one_by_one) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = limit.rlim_max;
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  int fd = make_file("data", "abc", 3, 0600);
  for (int number = 1020; number < 1060; number++) CHECK_EQ(dup2(fd, number), number);
  pid_t child = MUST(fork());
  if (child == 0) {
    for (int number = 1020; number < 1060; number++) CHECK_EQ(pread(number, buffer, 3, 0), 3);
    for (int number = 1060; number < 1080; number++) CHECK_EQ(dup2(fd, number), number);
    execl("/bin/sh", "sh", "-c", "cat /proc/self/fd/1040 /proc/self/fd/1070", NULL);
  }
  CHECK_EQ(wait_for(child), 0);
}

// What needs no descriptor natively works when there is none left.
CASE(paths_without_a_free_descriptor) {
  struct rlimit limit;
  struct stat status;
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 64;
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  close(make_file("data", "abc", 3, 0600));
  while (dup(0) >= 0) continue;
  CHECK_EQ(stat("data", &status), 0);
  CHECK_EQ(chmod("data", 0644), 0);
  CHECK_EQ(truncate("data", 2), 0);
  CHECK_EQ(utimensat(AT_FDCWD, "data", NULL, 0), 0);
  CHECK_EQ(mkdir("folder", 0700), 0);
  CHECK_EQ(chdir("folder"), 0);
  CHECK_EQ(symlink("../data", "link"), 0);
  CHECK_EQ(access("link", R_OK), 0);
  CHECK_EQ(chmod("link", 0600), 0);
  CHECK_EQ(rename("link", "other"), 0);
  CHECK_EQ(unlink("other"), 0);
  CHECK_EQ(stat("/proc/self/status", &status), 0);
  CHECK_EQ(readlink("/proc/self/fd/0", buffer, sizeof buffer) > 0, 1);
  CHECK_EQ(readlink("/proc/self/exe", buffer, sizeof buffer) > 0, 1);
  CHECK_EQ(chdir("/proc/self/cwd/.."), 0);
  CHECK_EQ(unlink("data"), 0);
  CHECK_ERR(open("/etc/passwd", O_RDONLY), EMFILE);
}

static int exec_with_full_table(rlim_t soft, rlim_t hard) {
  pid_t child = MUST(fork());
  if (child == 0) {
    struct rlimit limit = {soft, hard};
    MUST(setrlimit(RLIMIT_NOFILE, &limit));
    while (dup(0) >= 0) continue;
    exec_self("no_such_case", NULL, NULL, NULL);  // it ends with 97, where it gets as far as that
    _exit(99);
  }
  return wait_for(child);
}

CASE(exec_with_a_full_table) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  say("%#x", exec_with_full_table(64, limit.rlim_max));
  say("%#x", exec_with_full_table(64, 64));
  say("%#x", exec_with_full_table(40, 40));
  say("%#x", exec_with_full_table(1024, limit.rlim_max));
  say("%#x", exec_with_full_table(1024, 1024));
}

CASE(descriptors_run_out) {
  struct rlimit limit = {30, 30};
  int last = -1, fd, count = 0;
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  while ((fd = open("/dev/null", O_RDONLY)) >= 0) last = fd, count++;
  say("last %d, count %d, errno %d", last, count, errno);
  int ends[2];
  CHECK_ERR(pipe(ends), EMFILE);
  CHECK_ERR(socket(AF_UNIX, SOCK_STREAM, 0), EMFILE);
  CHECK_ERR(dup(0), EMFILE);
  CHECK_ERR(eventfd(0, 0), EMFILE);
  CHECK_ERR(epoll_create1(0), EMFILE);
  close(10);
  CHECK_ERR(pipe(ends), EMFILE);
  say("%d", MUST(dup(0)));
}

CASE(all_numbers_of_a_thousand) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = 1024;
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  int opened = 0, bad = 0;
  while (1) {
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) break;
    opened++;
    bad += fd != opened + 2;
  }
  say("opened %d, out of order %d, errno %d", opened, bad, errno);
}

CASE(other_numbers_are_closed) {
  int open_count = 0;
  for (int fd = 3; fd < 5000; fd++) open_count += fcntl(fd, F_GETFD) != -1;
  say("open %d", open_count);
  CHECK_ERR(close(900), EBADF);
  CHECK_ERR(read(1000, buffer, 1), EBADF);
  CHECK_ERR(lseek(-5, 0, SEEK_SET), EBADF);
}

CASE(close_range_calls) {
  int fd = make_file("data", "", 0, 0600);
  for (int i = 10; i < 20; i++) MUST(dup2(fd, i));
  CHECK_EQ(syscall(SYS_close_range, 12, 14, 0), 0);
  CHECK_EQ(syscall(SYS_close_range, 17, ~0U, 4), 0);  // CLOSE_RANGE_CLOEXEC
  for (int i = 10; i < 20; i++) say("%d: %d", i, fcntl(i, F_GETFD));
  CHECK_EQ(syscall(SYS_close_range, 3, ~0U, 0), 0);
  say("%d %d", fcntl(10, F_GETFD), fcntl(1, F_GETFD));
  CHECK_ERR(syscall(SYS_close_range, 5, 3, 0), EINVAL);
}

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

static struct flock region(short type, long start, long size) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = size};
  return lock;
}

static int try_regions(void* unused) {
  (void)unused;
  int fd = MUST(open("lock", O_RDWR));
  struct flock lock = region(F_WRLCK, 0, 10);
  CHECK_ERR(fcntl(fd, F_SETLK, &lock), EAGAIN);
  lock = region(F_WRLCK, 5, 1);
  MUST(fcntl(fd, F_GETLK, &lock));
  say("holder is the parent %d, from %ld, size %ld", lock.l_pid == getppid(), (long)lock.l_start, (long)lock.l_len);
  lock = region(F_RDLCK, 20, 5);
  CHECK_EQ(fcntl(fd, F_SETLK, &lock), 0);
  lock = region(F_WRLCK, 100, 1);
  CHECK_EQ(fcntl(fd, F_SETLK, &lock), 0);
  return 0;
}
CASE(record_locks) {
  int fd = make_file("lock", "", 0, 0600);
  struct flock lock = region(F_WRLCK, 0, 10);
  MUST(fcntl(fd, F_SETLK, &lock));
  lock = region(F_RDLCK, 20, 10);
  MUST(fcntl(fd, F_SETLK, &lock));
  say_status("child", run_child(try_regions, NULL));
  close(MUST(dup(fd)));  // closing any descriptor of the file drops all
  lock = region(F_WRLCK, 0, 10);
  MUST(fcntl(fd, F_SETLK, &lock));
}

CASE(open_file_locks) {
  make_file("lock", "", 0, 0600);
  int first = MUST(open("lock", O_RDWR)), second = MUST(open("lock", O_RDWR));
  struct flock lock = region(F_WRLCK, 0, 10);
  CHECK_EQ(fcntl(first, F_OFD_SETLK, &lock), 0);
  CHECK_ERR(fcntl(second, F_OFD_SETLK, &lock), EAGAIN);
  CHECK_EQ(flock(first, LOCK_EX), 0);
  CHECK_ERR(flock(second, LOCK_SH | LOCK_NB), EWOULDBLOCK);
  CHECK_EQ(flock(first, LOCK_UN), 0);
  CHECK_EQ(flock(second, LOCK_SH | LOCK_NB), 0);
  CHECK_ERR(flock(second, 77), EINVAL);
  say("as documented");
}

CASE(file_flags) {
  int fd = make_file("data", "abc", 3, 0600);
  say("%o", fcntl(fd, F_GETFL) & ~O_LARGEFILE);
  MUST(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
  say("%o", fcntl(fd, F_GETFL) & ~O_LARGEFILE);
  MUST(lseek(fd, 0, SEEK_SET));
  MUST(write(fd, "d", 1));
  say("%s", read_text("data", buffer, 10));
  CHECK_ERR(fcntl(fd, 9999, 0), EINVAL);
  CHECK_ERR(fcntl(99, F_GETFL), EBADF);
}

CASE(vectors) {
  int fd = make_file("data", "", 0, 0600);
  char a[3] = "", b[4] = "";
  struct iovec out[] = {{(void*)"ab", 2}, {NULL, 0}, {(void*)"cde", 3}}, in[] = {{a, 2}, {b, 3}};
  say("%zd", writev(fd, out, 3));
  say("%zd %s %s", preadv(fd, in, 2, 0), a, b);
  CHECK_ERR(writev(fd, out, -1), EINVAL);
  CHECK_ERR(writev(fd, out, 2000), EINVAL);
  out[0].iov_base = (void*)16;
  CHECK_ERR(writev(fd, out, 1), EFAULT);
}

CASE(copies_between_files) {
  int from = make_file("from", "0123456789", 10, 0600), to = make_file("to", "", 0, 0600);
  off_t offset = 2;
  say("%zd", sendfile(to, from, &offset, 4));
  int ends[2];
  MUST(pipe(ends));
  loff_t at = 6;
  say("%zd", splice(from, &at, ends[1], NULL, 10, 0));
  say("%zd", splice(ends[0], NULL, to, NULL, 10, 0));
  say("%s", read_text("to", buffer, 20));
  say("%zd", copy_file_range(from, &at, to, NULL, 10, 0));
}

static void* use_descriptors(void* unused) {
  for (int i = 0; i < 300; i++) {
    int ends[2];
    char byte = 0;
    if (pipe(ends)) return (void*)1;
    if (write(ends[1], "x", 1) != 1 || read(ends[0], &byte, 1) != 1 || byte != 'x') return (void*)2;
    close(ends[0]);
    close(ends[1]);
  }
  return unused;
}
CASE(threads_open_and_close) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    if (pthread_create(&threads[i], NULL, use_descriptors, NULL)) abort();
  for (int i = 0; i < 4; i++) {
    void* result;
    pthread_join(threads[i], &result);
    say("%ld", (long)result);
  }
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

// Descriptors: numbers, duplication, limits, locks, flags, copies.
#include "tests/conformance/case.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>
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

static void* waits_for_the_end(void* ends) {
  char byte;
  return (void*)read(((int*)ends)[0], &byte, 1);
}

CASE(number_of_the_monitor_with_threads) {
  struct rlimit limit;
  MUST(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = limit.rlim_max;
  MUST(setrlimit(RLIMIT_NOFILE, &limit));
  int ends[2];
  MUST(pipe(ends));
  pthread_t thread;
  pthread_create(&thread, NULL, waits_for_the_end, ends);
  say("%d", dup2(0, 1024));
  close(ends[1]);
  pthread_join(thread, NULL);
  say("%d", dup2(0, 1500));
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

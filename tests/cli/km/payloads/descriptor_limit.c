// Uses up its descriptors, and names some by number.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void report(const char* what, int result) {
  printf("%s: %d %s\n", what, result, result < 0 ? strerror(errno) : "");
}

int main(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("limit %lu, sysconf %ld\n", (unsigned long)limit.rlim_cur, sysconf(_SC_OPEN_MAX));
  int last = 0, count = 0;
  for (int fd; (fd = dup(0)) >= 0; last = fd) ++count;
  printf("%d, the last is %d: %s\n", count, last, strerror(errno));
  report("a file that is not made", open("not-made", O_CREAT | O_WRONLY, 0600));
  report("the file", access("not-made", F_OK));
  for (int fd = last; fd > last - count; --fd) close(fd);
  report("bash's", dup2(0, 255));
  report("the last one", dup2(0, (int)limit.rlim_cur - 1));
  report("one too high", dup2(0, (int)limit.rlim_cur));
  report("F_DUPFD", fcntl(0, F_DUPFD, (int)limit.rlim_cur - 10));
  report("F_DUPFD", fcntl(0, F_DUPFD, (int)limit.rlim_cur));
  limit.rlim_cur = 10;
  report("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
  while (dup(0) >= 0) continue;
  printf("%s\n", strerror(errno));
  limit.rlim_cur = 20;
  report("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
  report("dup", dup(0));
  limit.rlim_max += 1;
  report("setrlimit", geteuid() ? setrlimit(RLIMIT_NOFILE, &limit) : 0);
  return 0;
}

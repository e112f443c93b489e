// A few system calls of different kinds.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
  struct stat status;
  char buffer[64];
  int fd = openat(AT_FDCWD, "input", O_RDONLY | O_CLOEXEC);
  read(fd, buffer, sizeof buffer);
  lseek(fd, 3, SEEK_SET);
  fstat(fd, &status);
  close(fd);
  openat(AT_FDCWD, "missing", O_RDONLY);
  access("input", R_OK);
  mkdir("folder", 0755);
  rmdir("folder");
  return 0;
}

// many-calls COUNT: so many calls that need no exit; each is checked.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const long count = argc > 1 ? atol(argv[1]) : 1000;
  const int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
  const pid_t parent = getppid();
  long made = 0;
  char bytes[4];
  while (made < count) {
    if (getppid() != parent || pread(fd, bytes, 4, 0) != 4 || bytes[1] != 'E') return 1;
    made += 2;
  }
  printf("%ld calls\n", made);
  return 0;
}

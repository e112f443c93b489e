// counting-calls COUNT: waits for a byte on its standard input, then makes calls that need no exit, some microseconds
// apart, until that input ends; then COUNT more. A line each time it has made a thousand.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void make_thousand(long number) {
  const pid_t parent = getppid();
  for (int i = 0; i < 1000; ++i) {
    for (volatile int pause = 0; pause < 3000; ++pause) {
    }
    if (getppid() != parent) exit(1);
  }
  printf("%ld\n", number);
  fflush(stdout);
}

int main(int argc, char** argv) {
  const long last = argc > 1 ? atol(argv[1]) / 1000 : 1;
  struct pollfd input = {.fd = 0, .events = POLLIN};
  long number = 0;
  char byte;
  if (read(0, &byte, 1) != 1) return 2;
  while (poll(&input, 1, 0) == 0) make_thousand(++number);
  for (long i = 0; i < last; ++i) make_thousand(++number);
  printf("done\n");
  return 0;
}

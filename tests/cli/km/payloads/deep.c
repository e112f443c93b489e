// Uses 64 MiB of stack.
#include <stdio.h>
#include <string.h>

int main(void) {
  char room[64 << 20];
  memset(room, 1, sizeof room);
  printf("%d\n", room[12345]);
  return 0;
}

// Waits, so that its monitor's memory can be looked at.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  puts("ready");
  fflush(stdout);
  sleep(30);
  return 0;
}

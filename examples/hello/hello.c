/* The smallest kontainer: kontain-gcc -o hello.km hello.c && km hello.km */
#include <stdio.h>

int main(void) {
  puts("Hello, world!");
  return 0;
}

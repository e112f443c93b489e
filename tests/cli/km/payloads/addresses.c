// Where things are.
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  int local;
  printf("%p %p %p\n", (void*)main, (void*)&local, malloc(1 << 20));
  return 0;
}

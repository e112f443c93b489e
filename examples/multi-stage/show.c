/* Prints a file. */
#include <stdio.h>

int main(int argc, char** argv) {
  FILE* file = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (!file) {
    perror(argc == 2 ? argv[1] : "usage: show FILE");
    return 1;
  }
  for (int c; (c = getc(file)) != EOF;) putchar(c);
  return fclose(file) == 0 ? 0 : 1;
}

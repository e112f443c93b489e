#!/bin/bash
# Each -O level, -march and -f options give a working program.
. "$(dirname "$0")/common.sh"

cat >sum.c <<'END'
#include <stdio.h>
static int square(int x) { return x * x; }
int main(void) {
  long sum = 0;
  for (int i = 0; i < 1000; i++) sum += square(i);
  printf("%ld %.3f\n", sum, (double)sum / 7);
  return 0;
}
END
for options in -O0 -O1 -O2 -O3 -Os -Oz -Og "-O2 -march=x86-64-v2" "-O2 -fno-inline -fstack-protector-strong" \
  "-O2 -fomit-frame-pointer -ffast-math" "-O2 -g3 -fno-plt" "-mllvm -inline-threshold=1 -O2"; do
  "$gcc" $options -Wall -Wextra -Werror -o sum sum.c
  same "$(./sum)" "332833500 47547642.857"
done
# Options of LLVM hold for one source, not for the process.
cp sum.c other.c
"$gcc" -mllvm -inline-threshold=1 -c sum.c other.c

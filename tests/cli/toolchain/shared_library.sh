#!/bin/bash
# -shared makes a library that a dynamic program loads, at start and by dlopen.
. "$(dirname "$0")/common.sh"

echo 'int answer(void) { return 42; }' >lib.c
"$gcc" -shared -Wl,-soname,libanswer.so -o libanswer.so lib.c
readelf -hdW libanswer.so >facts
has facts 'Type: +DYN'
has facts 'SONAME.*libanswer.so'
echo 'int answer(void); int main(void) { return answer(); }' >main.c
"$gcc" -dynamic -o program main.c -L. -lanswer -Wl,-rpath,"$PWD"
loader="$KONTAIN_SDK/lib/kontain/sysroot/lib/ld-musl-x86_64.so.1"
run 42 "$loader" ./program
cat >open.c <<'END'
#include <dlfcn.h>
int main(int argc, char** argv) {
  void* library = dlopen(argv[argc - 1], RTLD_NOW);
  if (!library) return 1;
  return ((int (*)(void))dlsym(library, "answer"))();
}
END
"$gcc" -dynamic -o open open.c
run 42 "$loader" ./open "$PWD/libanswer.so"

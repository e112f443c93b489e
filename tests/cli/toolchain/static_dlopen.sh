#!/bin/bash
# dlopen in a static program finds what is linked in; in a dynamic one it loads files.
. "$(dirname "$0")/common.sh"

cat >main.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
int exported(void) { return 7; }
int main(int argc, char** argv) {
#ifndef NO_EXPORTS
  int (*function)(void) = (int (*)(void))dlsym(dlopen(NULL, RTLD_NOW), "exported");
  if (!function || function() != 7 || dlsym(RTLD_DEFAULT, "exported") != (void*)function) return 1;
  if (dlsym(RTLD_DEFAULT, "not_there") || !dlerror()) return 2;
#endif
  void* handle = dlopen(argv[argc - 1], RTLD_NOW);
  if (!handle) return printf("%s\n", dlerror()), 3;
  int (*answer)(void) = (int (*)(void))dlsym(handle, "answer");
  if (!answer) return printf("%s\n", dlerror()), 4;
  printf("%d %d\n", answer(), dlclose(handle));
  return dlclose((void*)0x1234) != 0 ? 0 : 5;
}
END
cat >module.c <<'END'
#ifdef LINKED_IN
#include <kontain/modules.h>
static int answer(void) { return 42; }
KONTAIN_MODULE(answers, "answers.so", {"answer", (void*)answer});
#else
int answer(void) { return 42; }
#endif
END
for mode in -static-pie "-static -DNO_EXPORTS" "-static-pie -Wl,--gc-sections" "-static-pie -Wl,--hash-style=sysv"; do
  "$gcc" $mode -rdynamic -DLINKED_IN -o program main.c module.c
  same "$(./program /no/such/folder/answers.so)" "42 0"
  run 3 ./program other.so
  has out '^other.so: not linked into this static program$'
done
"$gcc" -shared -fPIC -o answers.so module.c
"$gcc" -dynamic -rdynamic -o program main.c
loader="$KONTAIN_SDK/lib/kontain/sysroot/lib/ld-musl-x86_64.so.1"
for way in "" "$KONTAIN_SDK/bin/km"; do
  [ -z "$way" ] || [ -w /dev/kvm ] || continue
  same "$($way "$loader" ./program "$PWD/answers.so")" "42 0"
  run 3 $way "$loader" ./program "$PWD/missing.so"
  has out 'missing\.so: No such file'
done

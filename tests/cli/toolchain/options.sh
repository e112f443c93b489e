#!/bin/bash
# What command lines written for GCC contain is honoured, ignored or refused as options.def says.
. "$(dirname "$0")/common.sh"

for option in -pipe -fuse-ld=bfd -fuse-ld=gold -fuse-ld=mold -fno-tree-vectorize -fno-gcse -fvar-tracking-assignments \
  "--param max-inline-insns-single=5" --param=ssp-buffer-size=4 -static-libgcc -fuse-linker-plugin -fmax-errors=3 \
  -fno-lifetime-dse -fno-aggressive-loop-optimizations -fwhole-program -fsched-pressure -gno-variable-location-views \
  -Wno-maybe-uninitialized -Wno-error=stringop-overflow -Wno-nonsense -Wimplicit-fallthrough=3 -Warray-bounds=2 \
  -fdiagnostics-color=always -flto=auto -Wl,-O1 -no-canonical-prefixes -fno-semantic-interposition; do
  run 0 "$gcc" -Werror $option -o program "$hello"
  same "$(cat err)" ""
  same "$(./program)" "$greeting"
done
for option in -pg -fsanitize=address -fsanitize=thread -fopenmp --coverage -fplugin=x.so -specs=x -fprofile-generate \
  -fsanitize=undefined,address -fno-toplevel-reorder -print-sysroot-headers-suffix -dumpspecs; do
  run 1 "$gcc" $option -o program "$hello"
  has err "^kontain-gcc: error: $option: "
done
# A warning that clang does not have is said, and is no error unless that is asked for; one with a level warns.
run 0 "$gcc" -Werror -Wlogical-op -c "$hello"
has err "warning: unknown warning option '-Wlogical-op'"
run 1 "$gcc" -Werror=unknown-warning-option -Wlogical-op -c "$hello"
cat >falls.c <<'END'
int main(int argc, char** argv) {
  switch (argc) {
    case 7: argv++;
    default: return argv == 0;
  }
}
END
run 1 "$gcc" -Werror -Wimplicit-fallthrough=3 -c falls.c
has err 'Wimplicit-fallthrough'
run 0 "$gcc" -Werror -Wimplicit-fallthrough -Wimplicit-fallthrough=0 -c falls.c
same "$(cat err)" ""
run 1 "$gcc" -Wall -Werror -Wno-maybe-uninitialized -c -x c - <<<'static int unused;'
has err 'Wunused-variable'
# The value of another option is not one.
echo 'int pg(void) { return 1; }' >-pg
run 0 "$gcc" -c -x c -o -specs=x -- -pg
[ -f ./-specs=x ] || fail "no output"

same "$("$gcc" -print-multiarch)" x86_64-linux-musl
same "$("$gcc" -print-multi-os-directory)" .
same "$("$gcc" -dumpfullversion)" "$("$gcc" -dumpversion)"

# Old C is taken as GCC 12 takes it: with a warning, or as an error where that was asked for.
cat >old.c <<'END'
static int f() { return; }
static int g(int (*h)(char*)) { return h ? 3 : 0; }
static int k(const char* p) { return *p; }
main() { char* p = 0x1000; undeclared(p); return g(k) - 3 + 0 * f(); }
END
echo 'int undeclared(char* p) { return p != (char*)0x1000; }' >undeclared.c
run 0 "$gcc" -std=gnu89 -o program old.c undeclared.c
has err 'warning: .*\[-Wint-conversion\]'
./program
run 0 "$gcc" -std=gnu17 -o program old.c undeclared.c
has err 'warning: call to undeclared function .undeclared.'
has err 'warning: .*\[-Wimplicit-int\]'
has err 'warning: .*\[-Wreturn-mismatch\]'
lacks err 'unknown warning option'
./program
run 1 "$gcc" -Werror=implicit-function-declaration -c old.c
has err 'error: call to undeclared function'
run 1 "$gcc" -Werror -c old.c
has err 'error: call to undeclared function'
run 1 "$gcc" -pedantic-errors -std=c17 -c old.c

cat >overflow.c <<'END'
#include <limits.h>
int main(int argc, char** argv) { (void)argv; return INT_MAX + argc < 0 ? 0 : 3; }
END
"$gcc" -fsanitize=undefined -o program overflow.c
./program 2>err
has err '^ubsan: add-overflow'
"$gcc" -fsanitize=undefined -fsanitize-trap=undefined -o program overflow.c
run 132 bash -c './program; exit $?'

"$gcc" --kontain-options | cmp - "$KONTAIN_SOURCE/docs/toolchain-options.md" ||
  fail "docs/toolchain-options.md is not what kontain-gcc --kontain-options prints"

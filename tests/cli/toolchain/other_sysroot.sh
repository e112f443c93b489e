#!/bin/bash
# --sysroot= takes headers and libraries from another folder and none from the SDK's; -B is searched for start files and
# libraries, and for no program.
. "$(dirname "$0")/common.sh"

mkdir -p other/usr/include other/usr/lib
own=$("$gcc" -print-sysroot)
echo '#define ANSWER 42' >other/usr/include/answer.h
printf '#include <answer.h>\nint helped(void);\nint main(void) { return helped() - ANSWER; }\n' >main.c
echo 'int helped(void) { return 42; }' >helped.c
"$gcc" -c helped.c
"$KONTAIN_SDK/bin/kontain-ar" rcs other/usr/lib/libhelped.a helped.o
cp "$own"/usr/lib/{libc.a,libpthread.a,libunwind.a,crt1.o,rcrt1.o,crti.o,crtn.o} other/usr/lib/
for option in --sysroot=other "--sysroot other" "--sysroot=$PWD/other"; do
  "$gcc" $option -o program main.c -lhelped
  "$read_note" program >/dev/null
  ./program
  run 1 "$gcc" $option -c -x c - <<<'#include <stdio.h>'
  has err "'stdio\.h' file not found"
  # Clang's own headers are no part of it.
  run 0 "$gcc" $option -c -o limits.o -x c - <<<'#include <stdbool.h>'
done
run 1 "$gcc" -c main.c
has err "'answer\.h' file not found"
rm other/usr/lib/libc.a
run 1 "$gcc" --sysroot=other -o program main.c -lhelped
has err 'unable to find library -lc'

mkdir tools
printf '#!/bin/sh\ntouch "%s/started"\nexit 1\n' "$PWD" | tee tools/ld tools/ld.lld tools/as >tools/cc1
chmod +x tools/*
cp other/usr/lib/libhelped.a tools/
echo 'int helped(void); int main(void) { return helped() - 42; }' >plain.c
"$gcc" -B tools -Btools/ -o program plain.c -Ltools -lhelped
./program
[ ! -e started ] || fail "a program of -B was started"
same "$("$gcc" -B tools -print-file-name=libhelped.a)" tools/libhelped.a

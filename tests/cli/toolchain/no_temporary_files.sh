#!/bin/bash
# Neither success, failure nor a signal leaves temporary files.
. "$(dirname "$0")/common.sh"

printf '#include <nothing.h>\n' >bad.c
echo 'int nowhere(void); int main(void) { return nowhere(); }' >undefined.c
echo 'frobnicate' >bad.s
"$gcc" -o program "$hello"
run 1 "$gcc" -o none "$hello" bad.c
run 1 "$gcc" -o none undefined.c
run 1 "$gcc" -o none bad.s
run 1 "$gcc" -o none a.cc
run 1 "$gcc" -m32 -o none "$hello"
run 1 "$gcc" -fno-integrated-as -o none "$hello"
"$gcc" '-###' -o none "$hello" 2>/dev/null
same "$(ls -A tmp)" ""
same "$(echo none*)" 'none*'

# Long enough to be interrupted while its temporary object is open.
for i in $(seq 1500); do
  echo "int f$i(int a) { int s = 0; for (int i = 0; i < a; i++) for (int j = 0; j < i; j++) s += i * j ^ a; return s; }"
done >long.c
echo 'int main(void) { return 0; }' >>long.c
"$gcc" -O3 -o none long.c &
compiler=$!
for _ in $(seq 100); do
  [ -n "$(ls -A tmp)" ] && break
  sleep 0.02
done
kill -TERM $compiler
! wait $compiler 2>/dev/null || fail "the compiler was not interrupted"
same "$(ls -A tmp)" ""
same "$(echo none*)" 'none*'

# A reader that does not wait for the end of the messages.
for i in $(seq 2000); do echo "int g$i(void) { return unknown$i; }"; done >messages.c
{ "$gcc" -ferror-limit=0 -o none messages.c 2>&1 || true; } | head -n1 >first
has first '^messages.c:1:'
for _ in $(seq 50); do
  [ -z "$(ls -A tmp)" ] && break
  sleep 0.02
done
same "$(ls -A tmp)" ""

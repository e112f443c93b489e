#!/bin/bash
# -flto compiles to bitcode and generates code in the link.
. "$(dirname "$0")/common.sh"

echo 'int two(void) { return 2; }' >two.c
echo 'int two(void); int main(void) { return two(); }' >main.c
for mode in -flto -flto=thin; do
  "$gcc" $mode -O2 -c two.c main.c
  "$gcc" $mode -O2 -o program two.o main.o
  run 2 ./program
  objdump -d program >code
  lacks code 'call.*<two>'
done

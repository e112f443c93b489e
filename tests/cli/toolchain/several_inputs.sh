#!/bin/bash
# Several sources, objects and archives go into one program.
. "$(dirname "$0")/common.sh"

echo 'int two(void) { return 2; }' >two.c
echo 'int three(void) { return 3; }' >three.c
echo '.globl four; four: mov $4, %eax; ret; .section .note.GNU-stack,"",@progbits' >four.s
echo 'int two(void), three(void), four(void); int main(void) { return two() + three() + four(); }' >main.c
"$gcc" -c three.c
ar rcs libthree.a three.o
"$gcc" -o program main.c two.c four.s -L. -lthree
run 9 ./program
"$gcc" -c main.c two.c
"$gcc" -o program main.o two.o four.s libthree.a -lm -lpthread -ldl -lrt
run 9 ./program
# What does not depend on a broken source is still compiled.
echo 'broken' >broken.c
rm two.o
run 1 "$gcc" -c broken.c two.c
[ -f two.o ] || fail "two.o is missing"
[ ! -e broken.o ] || fail "broken.o is there"

#!/bin/bash
# The built-in assembler takes .s, .S and inline assembly, and its options.
. "$(dirname "$0")/common.sh"

cat >pre.S <<'END'
#include <sys/syscall.h>
#ifdef LOUD
#define TEXT "LOUD\n"
#else
#define TEXT "calm\n"
#endif
        .globl main
main:   mov $SYS_write, %eax
        mov $1, %edi
        lea text(%rip), %rsi
        mov $5, %edx
        syscall
        xor %eax, %eax
        ret
        .section .rodata
text:   .ascii TEXT
        .section .note.GNU-stack,"",@progbits
END
"$gcc" -g -o program pre.S
same "$(./program)" calm
readelf --debug-dump=decodedline program >lines
has lines 'pre.S'
"$gcc" -DLOUD -no-pie -o program pre.S
same "$(./program)" LOUD

cat >inline.c <<'END'
int main(void) {
  unsigned long value = 40;
  asm volatile("add $2, %0" : "+r"(value) : : "cc");
  return (int)value;
}
END
"$gcc" -o program inline.c
run 42 ./program

echo '.globl f; f: mov $SEVEN, %eax; ret' >symbol.s
"$gcc" -c -Wa,--defsym,SEVEN=7 -Wa,--noexecstack symbol.s
readelf -SW symbol.o >facts
has facts 'note.GNU-stack'
objdump -d symbol.o >code
has code '\$0x7,%eax'

mkdir include
echo '.ascii "included"' >include/part.inc
echo '.include "part.inc"' >includes.s
"$gcc" -c -Iinclude includes.s
strings -n8 includes.o >facts || true
has facts included

printf 'nop\n  frobnicate %%eax\n' >bad.s
run 1 "$gcc" -c bad.s
has err "^bad.s:2:3: error: invalid instruction mnemonic 'frobnicate'"
[ ! -e bad.o ] || fail "bad.o is there"
run 1 "$gcc" -c -Wa,--no-such-option symbol.s
has err '^kontain-gcc: error: '

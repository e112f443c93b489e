#!/bin/bash
# Sources come from standard input and results go to standard output.
. "$(dirname "$0")/common.sh"

echo '#include <stdio.h>
int main(void) { return puts("from stdin") < 0; }' >a.c
"$gcc" -x c - -o program <a.c
same "$(./program)" "from stdin"
"$gcc" -E - <a.c >out
has out 'from stdin'
"$gcc" -S -o - -x c - <a.c >out
has out 'main:'
"$gcc" -E -o - a.c >out
has out 'from stdin'
"$gcc" -c -o - a.c >a.o
"$gcc" -o program a.o
same "$(./program)" "from stdin"
"$gcc" -x assembler -c -o s.o - <<<'.globl f; f: ret'
nm s.o >out
has out 'T f'
for arguments in "-E a.c" "-S -o - a.c" --help --version; do
  run 1 bash -c "'$gcc' $arguments >/dev/full"
  has err 'No space left on device'
done

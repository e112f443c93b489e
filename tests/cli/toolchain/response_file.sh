#!/bin/bash
# @file stands for the arguments in the file, quoted as for gcc.
. "$(dirname "$0")/common.sh"

printf '%s\n' '#include <stdio.h>' 'int main(void) { puts(TEXT); return 0; }' >"a b.c"
printf '%s\n' "-DTEXT='\"two words\"'" '"a b.c"' >inner
printf '%s\n' '-O2 @inner' '-o program' >outer
"$gcc" @outer
same "$(./program)" "two words"
run 1 "$gcc" @missing
has err "no such file.*'@missing'"
echo @loop >loop
run 1 "$gcc" @loop
has err '^kontain-gcc: error: @loop: response files are nested too deeply'

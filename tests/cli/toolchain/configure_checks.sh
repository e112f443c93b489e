#!/bin/bash
# The questions that configure scripts ask get answers.
. "$(dirname "$0")/common.sh"

# A cross compilation can be told from a native one, functions that musl lacks are reported missing.
probe() { printf '%s\n' "$1" >probe.c && "$gcc" -o probe probe.c >log 2>&1; }
probe 'int main(void) { return 0; }' || fail "a compiler that works"
probe 'char getrandom(); int main(void) { return getrandom(); }' || fail "getrandom"
if probe 'char backtrace(); int main(void) { return backtrace(); }'; then fail "backtrace"; fi
if probe '#include <execinfo.h>
int main(void) { return 0; }'; then fail "execinfo.h"; fi
probe '#include <stdlib.h>
_Static_assert(sizeof(long) == 8, ""); int main(void) { return 0; }' || fail "sizeof"
has <("$("$gcc" -print-prog-name=ld)" -v) 'GNU'
"$gcc" -E -x c - >out <<<'
#ifdef __GNUC__
gnu compatible
#endif'
has out 'gnu compatible'

#!/bin/bash
# What the linker cannot find is named, with status 1 and no output.
. "$(dirname "$0")/common.sh"

echo 'int nowhere(void); int main(void) { return nowhere(); }' >a.c
run 1 "$gcc" -o program a.c
has err '^kontain-ld: error: undefined symbol: nowhere'
has err '^kontain-gcc: error: linker command failed with exit code 1'
[ ! -e program ] || fail "program is there"
run 1 "$gcc" -o program "$hello" -lnowhere
has err '^kontain-ld: error: unable to find library -lnowhere'
run 1 "$gcc" -o program "$hello" "$hello"
has err '^kontain-ld: error: duplicate symbol: main'

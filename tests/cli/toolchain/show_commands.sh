#!/bin/bash
# -### prints commands without running them, -v while running them; they can be repeated.
. "$(dirname "$0")/common.sh"

cp "$hello" .
run 0 "$gcc" '-###' -o program hello.c
[ ! -e program ] || fail "-### linked"
has err '^kontain-gcc 0\.1\.0'
has err '"-cc1".*"hello.c"'
has err 'kontain-ld".*"-o" "program"'
run 0 "$gcc" -v -save-temps -o program hello.c
has err '^ .*kontain-gcc" -cc1 .* -emit-obj|-cc1as'
grep -E '^ "' err >commands
rm -f program hello.o
bash -e commands 2>log || { cat log >&2; fail "the printed commands do not run"; }
same "$(./program)" "$greeting"

#!/bin/bash
# A source with errors gives messages with file and line, status 1 and no output.
. "$(dirname "$0")/common.sh"

printf 'int main(void) {\n  return undeclared;\n}\n' >bad.c
run 1 "$gcc" -o program bad.c
has err "^bad.c:2:10: error: use of undeclared identifier 'undeclared'"
[ ! -e program ] && [ ! -e bad.o ] || fail "output was left"
printf '#include "none.h"\n' >bad.c
run 1 "$gcc" -c bad.c
has err "^bad.c:1:10: fatal error: 'none.h' file not found"
[ ! -e bad.o ] || fail "bad.o was left"
# A result of an earlier run does not stay when this one fails.
printf 'int f(int x) { }\n' >bad.c
run 0 "$gcc" -c bad.c
has err 'warning: .*-Wreturn-type'
run 1 "$gcc" -Werror -c bad.c
has err 'error: .*-Wreturn-type'

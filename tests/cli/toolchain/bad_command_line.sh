#!/bin/bash
# Mistakes in the command line give one message each and status 1.
. "$(dirname "$0")/common.sh"

run 1 "$gcc"
has err '^kontain-gcc: error: no input files'
run 1 "$gcc" missing.c
has err "^kontain-gcc: error: no such file or directory: 'missing.c'"
run 1 "$gcc" --no-such-option "$hello"
has err "^kontain-gcc: error: unknown argument: '--no-such-option'"
run 1 "$gcc" -fno-such-option "$hello"
has err "^kontain-gcc: error: unknown argument: '-fno-such-option'"
run 1 "$gcc" "$hello" -o
has err "^kontain-gcc: error: argument to '-o' is missing"
run 1 "$gcc" -c -o a.o "$hello" "$hello"
has err '^kontain-gcc: error: cannot specify -o'
run 1 "$gcc" -std=c77 -c "$hello"
has err "error: invalid value 'c77'"
run 1 "$gcc" -c -o "$PWD/none/a.o" "$hello"
has err 'No such file or directory'
run 1 "$gcc" -o "$PWD/none/a" "$hello"
has err '^kontain-ld: error: cannot open output file'
mkdir directory
run 1 "$gcc" -o program directory
has err 'error:'

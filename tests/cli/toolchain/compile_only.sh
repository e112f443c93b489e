#!/bin/bash
# -c and -S stop early and name their output after the input.
. "$(dirname "$0")/common.sh"

cp "$hello" one.c
"$gcc" -c one.c
readelf -hW one.o >facts
has facts 'Type: +REL'
"$gcc" -S -O1 one.c
has one.s '^main:'
"$gcc" -O2 -g -std=c11 -Wall -D NAME=3 -U OTHER -c -o other.o one.c
readelf -SW other.o >facts
has facts '\.debug_info'
"$gcc" -o program other.o
same "$(./program)" "$greeting"
# Without -o the result is a.out.
"$gcc" one.o
same "$(./a.out)" "$greeting"

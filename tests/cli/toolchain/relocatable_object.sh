#!/bin/bash
# -r joins objects into one that links again.
. "$(dirname "$0")/common.sh"

echo 'int two(void) { return 2; }' >two.c
echo 'int two(void); int main(void) { return two(); }' >main.c
"$gcc" -r -o both.o two.c main.c
readelf -hW both.o >facts
has facts 'Type: +REL'
"$gcc" -o program both.o
run 2 ./program

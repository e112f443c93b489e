#!/bin/bash
# kontain-ld links objects by itself, as ld does.
. "$(dirname "$0")/common.sh"

"$gcc" -c -o hello.o "$hello"
lib="$("$gcc" -print-sysroot)/usr/lib"
"$ld" -static-pie -o program "$lib/rcrt1.o" "$lib/crti.o" hello.o -lc "$lib/crtn.o"
same "$(./program)" "$greeting"
"$read_note" program
"$ld" -o program "$lib/crt1.o" "$lib/crti.o" hello.o -lc "$lib/crtn.o"
same "$(./program)" "$greeting"
readelf -hlW program >facts
has facts 'Type: +EXEC'
has facts 'LOAD +0x000000 0x0000000000200000'
"$ld" --image-base=0x400000 -o program "$lib/crt1.o" hello.o -lc
readelf -lW program >facts
has facts 'LOAD +0x000000 0x0000000000400000'
run 1 "$ld" -nostdlib -o program "$lib/crt1.o" hello.o -lc
has err '^kontain-ld: error: unable to find library -lc'
run 1 "$ld"
has err '^kontain-ld: error: no input files'
run 1 "$ld" --no-such-option hello.o
has err "^kontain-ld: error: unknown argument '--no-such-option'"
run 1 "$ld" missing.o
has err '^kontain-ld: error: cannot open missing.o: No such file or directory'
"$ld" -pie --dynamic-linker=/lib/ld-musl-x86_64.so.1 -o program "$lib/Scrt1.o" "$lib/crti.o" hello.o -lc "$lib/crtn.o"
readelf -dlW program >facts
has facts 'NEEDED.*libc.so'
same "$("$lib/libc.so" ./program)" "$greeting"

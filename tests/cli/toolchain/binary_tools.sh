#!/bin/bash
# file, readelf, objdump, nm and gdb understand the result.
. "$(dirname "$0")/common.sh"

for mode in -static-pie -no-pie; do
  "$gcc" -g $mode -o program "$hello"
  file program >facts
  has facts 'ELF 64-bit LSB (pie )?executable, x86-64'
  has facts 'with debug_info, not stripped'
  readelf -aW program >facts 2>problems
  same "$(cat problems)" ""
  objdump -d program >facts
  has facts '<main>:'
  nm program >facts
  has facts ' T main$'
  addr2line -fe program "$(nm program | awk '$3 == "main" { print $1 }')" >facts
  has facts 'hello.c:'
  gdb -batch -nx -ex 'break main' -ex 'info line main' program >facts 2>&1
  has facts 'Breakpoint 1 at .*hello.c, line'
done

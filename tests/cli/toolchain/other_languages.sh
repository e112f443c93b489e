#!/bin/bash
# C++, other languages, other targets and host tools are refused with the reason.
. "$(dirname "$0")/common.sh"

echo 'int main() {}' >a.cc
run 1 "$gcc" -o program a.cc
has err '^kontain-gcc: error: a.cc: C\+\+ is not supported yet, it comes with kontain-g\+\+'
run 1 "$gcc" -x c++ -c "$hello"
has err 'C\+\+ is not supported yet'
touch a.f90 a.m
for file in a.f90 a.m; do
  run 1 "$gcc" -c $file
  has err "^kontain-gcc: error: $file: no compiler for "
done
run 1 "$gcc" -m32 -c "$hello"
has err "^kontain-gcc: error: target 'i386-.*' is not supported: payloads are x86_64-linux-musl"
run 1 "$gcc" --target=aarch64-linux-musl -c "$hello"
has err "is not supported"
run 1 "$gcc" -fno-integrated-as -c "$hello"
has err 'the SDK runs no other program'

#!/bin/bash
# Other languages, other targets and host tools are refused with the reason.
. "$(dirname "$0")/common.sh"

touch a.f90 a.m a.mm
for file in a.f90 a.m a.mm; do
  run 1 "$gcc" -c $file
  has err "^kontain-gcc: error: $file: no compiler for "
done
run 1 "$gcc" -m32 -c "$hello"
has err "error: -m32: target 'i386-linux-musl' is not supported: payloads are x86_64-linux-musl"
run 1 "$gcc" --target=aarch64-linux-musl -c "$hello"
has err "is not supported"
run 1 "$gcc" -fno-integrated-as -c "$hello"
has err 'the SDK runs no other program'

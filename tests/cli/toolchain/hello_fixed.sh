#!/bin/bash
# -no-pie and -static give a static executable that starts at 2 MiB.
. "$(dirname "$0")/common.sh"

for option in -no-pie -static; do
  "$gcc" $option -o hello "$hello"
  same "$(./hello)" "$greeting"
  readelf -hldW hello >facts
  has facts 'Type: +EXEC'
  lacks facts 'INTERP|NEEDED'
  same "$(awk '$1 == "LOAD" { print $3; exit }' facts)" 0x0000000000200000
done

#!/bin/bash
# By default an executable is static, position independent and runs natively.
. "$(dirname "$0")/common.sh"

"$gcc" -o hello "$hello"
same "$(./hello)" "$greeting"
readelf -hldW hello >facts
has facts 'Type: +DYN'
lacks facts 'INTERP|NEEDED'
has facts 'FLAGS_1.*PIE'
"$gcc" -static-pie -o again "$hello"
cmp hello again

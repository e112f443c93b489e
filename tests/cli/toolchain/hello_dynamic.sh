#!/bin/bash
# -dynamic links with musl's libc.so and names its loader.
. "$(dirname "$0")/common.sh"

"$gcc" -dynamic -o hello "$hello"
readelf -hldW hello >facts
has facts 'Type: +DYN'
has facts 'interpreter: /lib/ld-musl-x86_64.so.1'
has facts 'NEEDED.*\[libc.so\]'
same "$("$KONTAIN_SDK/lib/kontain/sysroot/lib/ld-musl-x86_64.so.1" ./hello)" "$greeting"

"$gcc" -dynamic -no-pie -o fixed "$hello"
readelf -hlW fixed >facts
has facts 'Type: +EXEC'
has facts 'interpreter: /lib/ld-musl-x86_64.so.1'
same "$("$KONTAIN_SDK/lib/kontain/sysroot/lib/ld-musl-x86_64.so.1" ./fixed)" "$greeting"

run 1 "$gcc" -dynamic -static -o none "$hello"
has err '^kontain-gcc: error: -dynamic: cannot be combined'

#!/bin/bash
# A copy of the SDK in another place works on its own, also through a symbolic link.
. "$(dirname "$0")/common.sh"

mkdir -p "other place/bin"
cp -a "$KONTAIN_SDK/bin/kontain-gcc" "$KONTAIN_SDK/bin/kontain-ld" "other place/bin"
cp -a "$KONTAIN_SDK/lib" "other place/lib"
"other place/bin/kontain-gcc" -o program "$hello"
same "$(./program)" "$greeting"
same "$("other place/bin/kontain-gcc" -print-sysroot)" "$PWD/other place/lib/kontain/sysroot"
"other place/bin/kontain-gcc" -Wl,--trace -o program "$hello" >files
lacks files "$KONTAIN_SDK/"
ln -s "$PWD/other place/bin/kontain-gcc" shortcut
./shortcut -o linked "$hello"
cmp program linked
"$gcc" -o original "$hello"
cmp program original

#!/bin/bash
# --version, --help, -dump and -print options answer and do nothing else.
. "$(dirname "$0")/common.sh"

run 0 "$gcc" --version
same "$(head -n1 out | sed 's/([0-9a-f]\{12\})/(SHA)/; s/(unknown)/(SHA)/')" "kontain-gcc 0.1.0 (SHA)"
has out '^clang version 19\.1\.'
run 0 "$gcc" --help
has out '^Usage: kontain-gcc '
has out '-dynamic'
same "$("$gcc" -dumpmachine)" x86_64-linux-musl
has <("$gcc" -dumpversion) '^19\.'
same "$("$gcc" -print-file-name=libc.a)" "$KONTAIN_SDK/lib/kontain/sysroot/usr/lib/libc.a"
same "$("$gcc" -print-sysroot)" "$KONTAIN_SDK/lib/kontain/sysroot"
same "$("$gcc" -print-multi-lib)" ".;"
same "$("$gcc" -print-multi-directory)" .
same "$("$gcc" -print-resource-dir)" "$KONTAIN_SDK/lib/kontain/clang"
same "$("$gcc" -print-prog-name=ld)" "$KONTAIN_SDK/bin/kontain-ld"
same "$("$gcc" -print-prog-name=as)" as
[ -f "$("$gcc" -print-libgcc-file-name)" ] || fail "no compiler-rt"
run 0 "$gcc" -print-search-dirs
has out "^libraries: =.*$KONTAIN_SDK/lib/kontain/sysroot/usr/lib"
run 0 "$ld" --version
has out '^kontain-ld 0\.1\.0 \('
has out '^LLD 19.*GNU'
run 0 "$ld" --help
has out '^Usage: kontain-ld '
run 0 "$ld" -v

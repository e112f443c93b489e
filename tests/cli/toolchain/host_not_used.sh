#!/bin/bash
# No header, library or start file comes from outside of the SDK.
. "$(dirname "$0")/common.sh"

"$gcc" -M "$hello" | tr -d '\\' | tr ' ' '\n' | grep '^/' >headers
"$gcc" -Wl,--trace -o program "$hello" | grep -v "^$TMPDIR\|^/proc/self/fd" >libraries
"$gcc" -dynamic -Wl,--trace -o program "$hello" | grep -v "^$TMPDIR\|^/proc/self/fd" >>libraries
[ -s headers ] && [ -s libraries ] || fail "nothing was listed"
grep -v "^$hello$" headers | cat - libraries >files
lacks files "^[^/]"
same "$(grep -v "^$KONTAIN_SDK/" files || true)" ""
if "$gcc" -v -E -x c /dev/null 2>&1 >/dev/null | grep -E '^ /' | grep -v "^ $KONTAIN_SDK/"; then fail "host directories"; fi

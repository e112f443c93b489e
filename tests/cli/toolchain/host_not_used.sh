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
# An installation of CUDA is found through ptxas in PATH.
mkdir -p cuda/bin cuda/include cuda/nvvm/libdevice cuda/lib64
printf '#!/bin/sh\n' >cuda/bin/ptxas
chmod +x cuda/bin/ptxas
printf '#define CUDA_VERSION 12000\n' >cuda/include/cuda.h
touch cuda/nvvm/libdevice/libdevice.10.bc
PATH="$PWD/cuda/bin:$PATH" run 0 "$gcc" -v
lacks err '^Found '

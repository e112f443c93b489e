# zlib: its example and minigzip, static and with 64-bit offsets.
# shellcheck shell=bash disable=SC2034,SC2154
package=zlib version=1:1.2.13.dfsg-1
build() { ./configure --static && make -j"$jobs" static; }
check() { make teststatic test64; }
results() { sed -nE 's/.*\*\*\* (.*) test OK \*\*\*/PASS \1/p; s/.*\*\*\* (.*) test FAILED \*\*\*/FAIL \1/p; s/^(uncompress|gzread|gzgets|inflate|large_inflate|inflate with dictionary|inflateSync)\(?\)?:.*/PASS \1/p'; }

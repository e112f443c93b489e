# zlib: its example and minigzip, static and with 64-bit offsets.
# shellcheck shell=bash disable=SC2034,SC2154
package=zlib version=1:1.2.13.dfsg-1
build() { ./configure --static && make -j"$jobs" static; }
check() { make teststatic test64; }
results() { grep -E 'test OK|\*\*\*|hello'; }

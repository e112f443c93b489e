# GNU coreutils: `make check`, gnulib's tests among them, as an ordinary user.
# shellcheck shell=bash disable=SC2034,SC2154
package=coreutils version=9.1-1 title="GNU coreutils"
leaves_out="what wants root (as in their own make check of an ordinary user)"
build() { ./configure --disable-nls && make -j"$jobs"; }
check() { make -k -j"$jobs" check; }

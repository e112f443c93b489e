# Zstandard: `make check`, its tests of the command line.
# shellcheck shell=bash disable=SC2034,SC2154
package=libzstd version=1.5.4+dfsg2-5 title=Zstandard
leaves_out="the fuzzers, which have no end"
build() { make -C tests -j"$jobs" zstd datagen; }
check() { make check; }
# The script ends at its first failure.
results() { sed -nE 's/^===> +/PASS /p' | sort -u; }

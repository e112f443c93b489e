# Zstandard: `make check`, its tests of the command line.
# shellcheck shell=bash disable=SC2034,SC2154
package=libzstd version=1.5.4+dfsg2-5
build() { make -j"$jobs" zstd-release && make -C tests -j"$jobs" datagen; }
check() { make check; }
results() { grep -cE '^(===>|test)' ; }

# ninja: its unit tests.
# shellcheck shell=bash disable=SC2034,SC2154
package=ninja-build version=1.11.1-2~deb12u1
build() { cmake -S . -B out -DCMAKE_BUILD_TYPE=Release && make -C out -j"$jobs"; }
check() { cd out && ./ninja_test; }
results() { tr '\r' '\n' | grep -E 'passed|FAILED|failed'; }

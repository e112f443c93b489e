# ninja: its unit tests.
# shellcheck shell=bash disable=SC2034,SC2154
package=ninja-build version=1.11.1-2~deb12u1
build() { cmake -S . -B out -DCMAKE_BUILD_TYPE=Release && make -C out -j"$jobs"; }
check() { cd out && ./ninja_test; }
# It names a test before it runs, and behind it the checks that failed.
results() {
  tr '\r' '\n' | awk '/^\[[0-9]+\/[0-9]+\] / { done(); test = $2; bad = 0; next } /^\*\*\* Failure/ { bad = 1 }
    function done() { if (test) print (bad ? "FAIL " : "PASS ") test } END { done() }'
}

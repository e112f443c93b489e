# RE2: `make static-test`.
# shellcheck shell=bash disable=SC2034
package=re2 version=20220601+dfsg-1
build() { make -j"$jobs" static CXX="$CXX" AR="$AR" && make -j"$jobs" static-testlib CXX="$CXX" AR="$AR" 2>/dev/null || make -j"$jobs" CXX="$CXX" AR="$AR" static; }
check() { make CXX="$CXX" AR="$AR" static-test; }
results() { grep -E 'PASS|FAIL|ALL TESTS'; }

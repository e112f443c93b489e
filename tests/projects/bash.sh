# Bash: `make check`, whose tests say nothing when they pass.
# shellcheck shell=bash disable=SC2034,SC2154
package=bash version=5.2.15-2 title=Bash
# 5.2's configure takes its own strtoimax exactly where the C library has one, which a static link finds twice.
build() { ./configure --without-bash-malloc --disable-nls bash_cv_func_strtoimax=no && make -j"$jobs" && make recho zecho printenv xcase; }
check() { make check; }
results() {
  awk '/^run-/ { done(); test = $1; bad = 0; next } /^warning:/ { next } NF { bad = 1 }
    function done() { if (test) print (bad ? "FAIL " : "PASS ") test } END { done() }'
}

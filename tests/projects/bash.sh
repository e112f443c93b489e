# Bash: `make check`, on a terminal of its own at which nobody types. A test says nothing when it passes; what one says
# that fails natively too has to be the same under km.
# shellcheck shell=bash disable=SC2034,SC2154
package=bash version=5.2.15-2 title=Bash
leaves_out="run-ifs-posix, which forks 14,000 times"
native_reason="the C library has no locales, and in regular expressions no equivalence classes and collating symbols; to it EST5EDT is daylight time before 1970; run-execscript expects other numbers of signals"
differs["run-read"]="two reads of six characters, a call each, end after a tenth of a millisecond (read -t .0001)"
# 5.2's configure takes its own strtoimax exactly where the C library has one, which a static link finds twice.
build() { ./configure --without-bash-malloc --disable-nls bash_cv_func_strtoimax=no && make -j"$jobs" && make recho zecho printenv xcase; }
check() {
  rm tests/run-ifs-posix
  mkfifo /tmp/keyboard
  script -qec 'make check' /dev/null <>/tmp/keyboard
}
# Without diff's line numbers, and without two lines of printf.tests that say that a second ended between them.
results() {
  tr -d '\r' | LC_ALL=C awk '/^run-/ { done(); test = $1; bad = 0; next } /^warning:/ || !NF || !test || /^make\[/ { next }
    { bad = 1 } /^[0-9,]+[acd][0-9,]+$/ || /possible mismatch\|/ || /^< \|/ { next } { print "SAYS " test ": " $0 }
    function done() { if (test) print (bad ? "FAIL " : "PASS ") test } END { done() }'
}

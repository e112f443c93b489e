# curl: its own tests against its own servers, without valgrind (-n).
# shellcheck shell=bash disable=SC2034,SC2154
package=curl version=7.88.1-10+deb12u15
leaves_out="TLS, which is built without, tests from 300 on, and those that curl marks as flaky or timing-dependent"
build() { ./configure --without-ssl --disable-shared --disable-ldap && make -j"$jobs" && make -j"$jobs" -C tests/server; }
check() { cd tests && perl -I. ./runtests.pl -a -n -am '!flaky' '!timing-dependent' 1 to 299; }
# The tests that failed are listed at the end, however they did.
results() {
  awk '/^PASS: [0-9]/ { print "PASS " substr($0, 7) } /^test [0-9]+ SKIPPED:/ { print "SKIP " $2 }
    /^TESTFAIL: These test cases failed:/ { for (field = 6; field <= NF; ++field) print "FAIL " $field }' | sort -u
}

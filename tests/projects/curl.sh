# curl: its own tests against its own servers.
# shellcheck shell=bash disable=SC2034,SC2154
package=curl version=7.88.1-10+deb12u15
leaves_out="TLS, which is built without, and tests above 700"
build() { ./configure --without-ssl --disable-shared --disable-ldap && make -j"$jobs" && make -j"$jobs" -C tests; }
check() { cd tests && make -C server >/dev/null && perl -I. ./runtests.pl -a -n -r '!flaky' '!timing-dependent' 1 to 700; }
results() {
  awk '/^test [0-9]+\.\.\./ { sub(/\.\.\..*/, "", $2); test = $2 } /^test [0-9]+ SKIPPED/ { print "SKIP " $2 }
    / OK \(/ { if (test) print "PASS " test; test = "" } / FAILED/ { if (test) print "FAIL " test; test = "" }' | sort -u
}

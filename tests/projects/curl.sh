# curl: its own tests against its own servers.
# shellcheck shell=bash disable=SC2034,SC2154
package=curl version=7.88.1-10+deb12u15
leaves_out="TLS, which is built without, tests above 700, and those that curl marks as flaky or timing-dependent"
build() { ./configure --without-ssl --disable-shared --disable-ldap && make -j"$jobs" && make -j"$jobs" -C tests; }
check() { cd tests && perl -I. ./runtests.pl -a -am '!flaky' '!timing-dependent' 1 to 700; }

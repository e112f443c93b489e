# OpenSSL: libraries and the program, `make test` by its recipes.
# shellcheck shell=bash disable=SC2034,SC2046,SC2086,SC2154
package=openssl version=3.0.20-1~deb12u2 title=OpenSSL
long="ssl_new ssl_old genec ecparam cmp_http dsaparam store verify dhparam_check mp_rsa enc enc_more x509 ec pem_reading dsa cms ocsp"
leaves_out="shared libraries; fuzzing and other projects' tests (95, 99); $(echo $long | wc -w) of 241 recipes, which take most of the time: $long"
native_reason="Perl, whose messages it expects, is of another C library"
build() { ./Configure linux-x86_64 no-shared no-module --prefix=/usr && make -j"$jobs" build_sw; }
# The names are set here, because check runs alone.
eval "check() { make test HARNESS_JOBS=2 HARNESS_TIMER=yes TESTS='-95 -99$(printf ' -test_%s' $long)'; }"
# Each recipe with what became of it, those that fail with how many of their tests do, and the number of tests in all.
results() {
  sed -E 's/^\[[0-9:]+\] //' | sed -nE 's/^([0-9]+-test_[A-Za-z0-9_]+\.t) \.+ ok.*/PASS \1/p; s/^([0-9]+-test_[A-Za-z0-9_]+\.t) \.+ skipped.*/SKIP \1/p
    s/^([0-9]+-test_[A-Za-z0-9_]+\.t) +\(Wstat.*(Tests: [0-9]+ Failed: [0-9]+)\)/FAIL \1\nSAYS \1: \2/p; s/^Files=[0-9]+, (Tests=[0-9]+),.*/PASS \1/p' | sort -u
}

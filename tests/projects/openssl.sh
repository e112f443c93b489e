# OpenSSL: libraries and the program, `make test`.
# shellcheck shell=bash disable=SC2034,SC2154
package=openssl version=3.0.17-1~deb12u2 title=OpenSSL
limit=1400
build() { ./Configure linux-x86_64 no-shared no-module --prefix=/usr && make -j"$jobs"; }
check() { make test HARNESS_JOBS="$jobs"; }
results() {
  sed -nE 's/^([0-9]+-test_[A-Za-z0-9_]+\.t) \.+ *ok.*/PASS \1/p; s/^([0-9]+-test_[A-Za-z0-9_]+\.t) \.+ *skipped.*/SKIP \1/p;
    s/^([0-9]+-test_[A-Za-z0-9_]+\.t) +\(Wstat.*/FAIL \1/p' | sort -u
}

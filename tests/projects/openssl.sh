# OpenSSL: libraries and the program, `make test` by its recipes.
# shellcheck shell=bash disable=SC2034,SC2154
package=openssl version=3.0.20-1~deb12u2 title=OpenSSL
leaves_out="shared libraries; most recipes that start the program hundreds of times (15, 20, 25, 80 and some more by name), that want loadable engines (70), that are other projects' or take long (95, 99), and test_errstr, which wants Perl to have the same C library"
build() { ./Configure linux-x86_64 no-shared no-module --prefix=/usr && make -j"$jobs" build_sw; }
# One line: it becomes one of the Makefile's.
check() {
  make test HARNESS_JOBS=2 HARNESS_TIMER=yes TESTS="$(echo -15 -20 -25 -70 -80 -81 -95 -99 -test_errstr -test_pem_reading \
    -test_encoder_decoder -test_rand -test_store test_dh test_ecdsa test_gensm2 test_sha test_rsa test_dgst test_kdf test_mac \
    test_spkac test_crl test_d2i test_pkcs7 test_packet test_wpacket test_bad_dtls test_servername test_verify_extra \
    test_cipherlist test_cmsapi test_ct test_dane test_dtls test_ssl_test_ctx test_x509aux)"
}
# Each recipe with what became of it, those that fail with how many of their tests do, and the number of tests in all.
results() {
  sed -E 's/^\[[0-9:]+\] //' | sed -nE 's/^([0-9]+-test_[A-Za-z0-9_]+\.t) \.+ ok.*/PASS \1/p; s/^([0-9]+-test_[A-Za-z0-9_]+\.t) \.+ skipped.*/SKIP \1/p
    s/^([0-9]+-test_[A-Za-z0-9_]+\.t) +\(Wstat.*(Tests: [0-9]+ Failed: [0-9]+)\)/FAIL \1\nSAYS \1: \2/p; s/^Files=[0-9]+, (Tests=[0-9]+),.*/PASS \1/p' | sort -u
}

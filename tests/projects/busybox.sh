# BusyBox: its test suite, in which every applet is BusyBox's.
# shellcheck shell=bash disable=SC2034,SC2154,SC2164
package=busybox version=1:1.35.0-4+deb12u1 title=BusyBox
leaves_out="mount, mdev and makedevs, which want root and make devices; the style of its source; what reaches for the Internet; what BusyBox calls known bugs; two tests in which bc writes millions of lines, a call each"
native_reason="strptime of the C library reads no time zone; the tests' own echo writes no NUL before a space"
build() { make defconfig && make -j"$jobs" CC="$CC" AR="$AR" HOSTCC=cc STRIP="$STRIP" busybox; }
# An applet has a file of tests, a folder of them, or both; its name once is both.
check() {
  cd testsuite
  rm -r mount.tests mount.testroot mdev.tests makedevs.tests all_sourcecode.tests
  sed -i 's/^testing "bc parsing of numbers"/SKIP=1\n&/; s/^for f in bc/SKIP=\n&/' bc.tests
  export SKIP_KNOWN_BUGS=1 SKIP_INTERNET_TESTS=1
  mapfile -t applets < <(for name in *; do
    if [ -d "$name" ] || [[ $name == *.tests ]]; then echo "${name%.tests}"; fi
  done | sort -u)
  ./runtest -v "${applets[@]}"
}
results() { sed -nE 's/^(PASS|FAIL): /\1 /p; s/^(SKIPPED|UNTESTED): /SKIP /p' | sort -u; }

# BusyBox: its test suite, in which every applet is BusyBox's.
# shellcheck shell=bash disable=SC2034,SC2154
package=busybox version=1:1.35.0-4+deb12u1 title=BusyBox
leaves_out="mount.tests: they make loop devices"
build() { make defconfig && make -j"$jobs" CC="$CC" AR="$AR" HOSTCC=cc STRIP="$STRIP" busybox; }
# An applet has a file of tests, a folder of them, or both; its name once is both.
check() {
  local tests
  cd testsuite
  mapfile -t tests < <(for name in *; do
    if [ -d "$name" ] || [[ $name == *.tests ]]; then echo "${name%.tests}"; fi
  done | grep -vx -e mount -e mount.testroot | sort -u)
  ./runtest -v "${tests[@]}"
}
results() { sed -nE 's/^(PASS|FAIL): /\1 /p; s/^(SKIPPED|UNTESTED): /SKIP /p' | sort -u; }

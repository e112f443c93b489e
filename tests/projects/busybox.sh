# BusyBox: its test suite, in which every applet is BusyBox's.
# shellcheck shell=bash disable=SC2034,SC2154
package=busybox version=1:1.35.0-4+deb12u1 title=BusyBox
leaves_out="mount.tests: they make loop devices"
build() { make defconfig && make -j"$jobs" CC="$CC" AR="$AR" HOSTCC=cc STRIP="$STRIP" busybox; }
check() {
  local tests=() name
  cd testsuite || exit
  for name in *; do
    case "$name" in
      *.tests) [ "$name" = mount.tests ] || tests+=("${name%.tests}") ;;
      *) [ ! -d "$name" ] || [ "$name" = mount.testroot ] || tests+=("$name") ;;
    esac
  done
  ./runtest -v "${tests[@]}"
}
results() { sed -nE 's/^(PASS|FAIL): /\1 /p; s/^(SKIPPED|UNTESTED): /SKIP /p' | sort -u; }

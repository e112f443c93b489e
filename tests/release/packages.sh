#!/bin/bash
# packages.sh: the Debian and RPM packages: the same tree gives the same bytes; they install, upgrade and go away in roots of their own.
here=$(cd "$(dirname "$0")" && pwd)
: "${KONTAIN_SOURCE:=$(cd "$here/../.." && pwd)}"
: "${KONTAIN_SDK:=$KONTAIN_SOURCE/build/sdk}" "${KONTAIN_BUILD:=$KONTAIN_SOURCE/build/dev}"
export KONTAIN_SOURCE KONTAIN_SDK KONTAIN_BUILD
. "$KONTAIN_SOURCE/tests/release/lib.sh"
for program in dpkg-deb rpmbuild rpm; do command -v $program >/dev/null || skip "there is no $program"; done
[ "$(id -u)" -eq 0 ] || skip "packages are installed as root"
make_workdir
make_release 1.0
make_next_release 1.1
for version in 1.0 1.1; do
  tar -xzf "dist/kontain-$version-x86_64.tar.gz"
  for kind in deb rpm; do
    mkdir -p again
    "$KONTAIN_SOURCE/packaging/release/$kind.sh" "kontain-$version-x86_64" . 1700000000 >/dev/null
    "$KONTAIN_SOURCE/packaging/release/$kind.sh" "kontain-$version-x86_64" again 1700000000 >/dev/null
  done
  cmp "kontain_${version}_amd64.deb" "again/kontain_${version}_amd64.deb" || fail "deb: other bytes"
  cmp "kontain-$version-1.x86_64.rpm" "again/kontain-$version-1.x86_64.rpm" || fail "rpm: other bytes"
done

mkdir -p deb/var/lib/dpkg/{info,updates} rpm
: >deb/var/lib/dpkg/status
deb() { dpkg --root "$workdir/deb" --force-not-root --force-depends --log "$workdir/log" "$@"; }
rpm_in() { rpm --root "$workdir/rpm" --dbpath /db --nodeps "$@"; }
# installed FOLDER VERSION: what both put there.
installed() {
  expect_equal "$(cat "$1/opt/kontain/VERSION")" "$2" "the version in $1"
  expect_equal "$(readlink "$1/usr/bin/km")" /opt/kontain/bin/km "the link in $1"
  "$1/opt/kontain/bin/km" --version >/dev/null || fail "km of $1 does not start"
  printf 'int main(void) { return 7; }\n' >seven.c
  "$1/opt/kontain/bin/kontain-gcc" -o seven seven.c || fail "the compiler of $1 fails"
  expect_equal "$(find "$1/opt" ! -user 0 -o ! -group 0 -o -perm -002 ! -type l)" "" "files of others in $1"
}
deb -i kontain_1.0_amd64.deb >out 2>&1 || { cat out; fail "dpkg -i"; }
installed deb 1.0
deb -i kontain_1.1_amd64.deb >out 2>&1 || { cat out; fail "dpkg -i, an upgrade"; }
installed deb 1.1
deb -P kontain >out 2>&1 || { cat out; fail "dpkg -P"; }
expect_equal "$(find deb -path deb/var -prune -o -type f -print -o -type l -print)" "" "what the Debian package leaves"

rpm_in -i kontain-1.0-1.x86_64.rpm >out 2>&1 || { cat out; fail "rpm -i"; }
installed rpm 1.0
rpm_in -U kontain-1.1-1.x86_64.rpm >out 2>&1 || { cat out; fail "rpm -U"; }
installed rpm 1.1
rpm_in -e kontain >out 2>&1 || { cat out; fail "rpm -e"; }
expect_equal "$(find rpm -path rpm/db -prune -o -type f -print -o -type l -print)" "" "what the RPM package leaves"

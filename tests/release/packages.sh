#!/bin/bash
# packages.sh: the Debian and RPM packages of dist/ are installed over an older one, used, and removed, each in a root of its
# own; they carry what the tarball does; the same tree gives the same bytes.
. "$(dirname "$0")/chroot.sh"
for program in dpkg-deb rpmbuild rpm; do command -v $program >/dev/null || skip "there is no $program"; done
[ "$(id -u)" -eq 0 ] || skip "packages are installed as root"
archive=$(newest_release)
[ -n "$archive" ] || fail "there is no release in dist/: ./dev release"
make_workdir
version=$(basename "$archive" -x86_64.tar.gz)
version=${version#kontain-}
new_deb=$KONTAIN_SOURCE/dist/kontain_${version}_amd64.deb
new_rpm=$KONTAIN_SOURCE/dist/kontain-$version-1.x86_64.rpm

echo "== checksums"
for file in "$archive" "$new_deb" "$new_rpm"; do
  (cd "$(dirname "$file")" && sha256sum --status -c "$file.sha256") || fail "$file: another checksum"
done

echo "== the same tree, the same bytes"
mkdir -p old/bin old/share again
printf '#!/bin/sh\necho old\n' >old/bin/km
chmod 755 old/bin/km
echo only here >old/share/gone-later
: >old/install.sh
: >old/SHA256SUMS
echo 0.0.1 >old/VERSION
for kind in deb rpm; do
  "$KONTAIN_SOURCE/packaging/release/$kind.sh" old . 1700000000 >/dev/null
  touch old/bin/km old/share
  "$KONTAIN_SOURCE/packaging/release/$kind.sh" old again 1700000000 >/dev/null
done
cmp kontain_0.0.1_amd64.deb again/kontain_0.0.1_amd64.deb || fail "deb: other bytes"
cmp kontain-0.0.1-1.x86_64.rpm again/kontain-0.0.1-1.x86_64.rpm || fail "rpm: other bytes"

# What the tarball has, but for what only its own installer needs.
tar -xzf "$archive"
tree=$PWD/kontain-$version-x86_64
list() { (cd "$1" && find . -mindepth 1 ! -name install.sh ! -name SHA256SUMS \( -type f -printf '%m %p ' -exec sha256sum {} \; -o -printf '%m %p %l\n' \) | sort); }
list "$tree" >wanted

mkdir -p deb/var/lib/dpkg/{info,updates} {deb,rpm}/{tmp,proc}
: >deb/var/lib/dpkg/status
deb() { dpkg --root "$workdir/deb" --force-not-root --force-depends --log "$workdir/log" "$@" >out 2>&1 || { cat out; fail "dpkg $*"; }; }
rpm_in() { rpm --root "$workdir/rpm" --dbpath /db --nodeps "$@" >out 2>&1 || { cat out; fail "rpm $*"; }; }
old_is_there() {
  expect_equal "$("$1/opt/kontain/bin/km")" old "the old km"
  expect_equal "$(readlink "$1/usr/bin/km")" /opt/kontain/bin/km "the link in $1"
}
new_works() {
  list "$1/opt/kontain" | diff wanted - || fail "$1: other files than the tarball's"
  expect_equal "$(find "$1/opt" "$1/usr" ! -user 0 -o ! -group 0 -o -perm -002 ! -type l)" "" "files of others in $1"
  for program in kontain km krun kontain-build kontain-gcc kontain-g++ kontain-ld; do
    expect_equal "$(readlink "$1/usr/bin/$program")" "/opt/kontain/bin/$program" "the link in $1"
    in_root "$1" "/usr/bin/$program" --version >out || fail "$program of $1 does not start in a root with nothing else"
  done
  printf 'int main(void) { return 7; }\n' >"$1/seven.c"
  expect_status 0 in_root "$1" /usr/bin/kontain-gcc -o /seven /seven.c
  expect_status 7 "$1/seven"
  rm "$1/seven" "$1/seven.c"
}
# in_root ROOT COMMAND...: with a /proc, and nothing else.
in_root() { unshare --mount --propagation private sh -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$@"; }
kept() {
  expect_equal "$(cat "$1/etc/kontain/km.json")" '{"thp": "off"}' "settings after upgrading and removing"
  rm "$1/etc/kontain/km.json"
}
gone() { expect_equal "$(find "$1" -path "$2" -prune -o -type f -print -o -type l -print)" "" "what the package leaves in $1"; }

echo "== Debian package"
deb -i kontain_0.0.1_amd64.deb
old_is_there deb
mkdir -p deb/etc/kontain rpm/etc/kontain
echo '{"thp": "off"}' | tee deb/etc/kontain/km.json >rpm/etc/kontain/km.json
deb -i "$new_deb"
new_works deb
deb -P kontain
kept deb
gone deb deb/var

echo "== RPM package"
rpm_in -i kontain-0.0.1-1.x86_64.rpm
old_is_there rpm
rpm_in -U "$new_rpm"
new_works rpm
rpm_in -e kontain
kept rpm
gone rpm rpm/db
echo "passed"

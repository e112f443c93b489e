#!/bin/bash
# deb.sh TREE FOLDER EPOCH: a Debian package of a release in FOLDER: the tree in /opt/kontain, the programs in /usr/bin. The
# same tree gives the same bytes.
set -euo pipefail
tree=$1 folder=$2 epoch=$3
version=$(cat "$tree/VERSION")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
mkdir -p "$work/root/DEBIAN" "$work/root/opt/kontain" "$work/root/usr/bin"
cp -R -P "$tree/." "$work/root/opt/kontain/"
rm "$work/root/opt/kontain/install.sh" "$work/root/opt/kontain/SHA256SUMS"
for program in kontain km krun kontain-build kontain-gcc kontain-g++ kontain-ld; do
  [ ! -e "$tree/bin/$program" ] || ln -s "/opt/kontain/bin/$program" "$work/root/usr/bin/$program"
done
cat >"$work/root/DEBIAN/control" <<END
Package: kontain
Version: $version
Architecture: amd64
Maintainer: Kontain <kontain@kontain.invalid>
Installed-Size: $(du -sk --apparent-size "$work/root" | cut -f1)
Recommends: iproute2, iptables
Suggests: docker.io | podman | containerd, passt, python3
Section: admin
Priority: optional
Description: programs as the only tenants of virtual machines
 Kontain compiles programs into kontainers, and runs these and unmodified Linux
 programs each in a virtual machine of its own, without a guest operating
 system, by themselves or under container engines.
END
find "$work/root" -exec touch -h -d "@$epoch" {} +
# One thread: more of them cut the archive into blocks, and then its bytes depend on the number of processors.
SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group --threads-max=1 -Zxz -z3 --build "$work/root" "$folder/kontain_${version}_amd64.deb" >/dev/null
echo "$folder/kontain_${version}_amd64.deb"

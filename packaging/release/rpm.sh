#!/bin/bash
# rpm.sh TREE FOLDER EPOCH: an RPM package of a release in FOLDER, with the same contents as the Debian package.
set -euo pipefail
tree=$(realpath "$1") folder=$(realpath "$2") epoch=$3
version=$(cat "$tree/VERSION")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/kontain.spec" <<END
Name: kontain
Version: $version
Release: 1
Summary: Programs as the only tenants of virtual machines
License: Apache-2.0
Recommends: iproute iptables
AutoReqProv: no
%global _build_id_links none
%global __os_install_post %{nil}
%global _binary_payload w3.xzdio
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _buildhost kontain
%description
Kontain compiles programs into kontainers, and runs these and unmodified Linux programs each in a virtual machine of its
own, without a guest operating system, by themselves or under container engines.
%install
mkdir -p %{buildroot}/opt/kontain %{buildroot}/usr/bin
cp -R -P $tree/. %{buildroot}/opt/kontain/
rm %{buildroot}/opt/kontain/install.sh %{buildroot}/opt/kontain/SHA256SUMS
for program in kontain km krun kontain-build kontain-gcc kontain-g++ kontain-ld; do
  [ ! -e $tree/bin/\$program ] || ln -s /opt/kontain/bin/\$program %{buildroot}/usr/bin/\$program
done
%files
%defattr(-,root,root)
/opt/kontain
/usr/bin/*
END
SOURCE_DATE_EPOCH=$epoch rpmbuild --quiet --define "_topdir $work/top" --define "_tmppath $work" --target x86_64 -bb \
  "$work/kontain.spec" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
cp "$work"/top/RPMS/x86_64/*.rpm "$folder/"
echo "$folder/kontain-$version-1.x86_64.rpm"

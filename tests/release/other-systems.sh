#!/bin/bash
# other-systems.sh [ARCHIVE]: a release on what else Debian's tools can make a machine of: older and newer Debian, and one with
# nothing but busybox. Each: install as root, compile C and C++, run them in virtual machines, remove; the file system before
# and after is the same.
. "$(dirname "$0")/chroot.sh"
begin_machine "${1:-}" bullseye:minbase trixie:minbase
name=$(basename "$archive")

# try_it NAME: on the machine $root.
try_it() {
  cp "$archive" "$archive.sha256" "$KONTAIN_SOURCE/install.sh" "$root/tmp/"
  snapshot_root >before
  inside sh /tmp/install.sh "/tmp/$name" >log 2>&1 || { cat log; fail "$1: install.sh"; }
  grep -q "smoke test: compiled, and run in a virtual machine" log || { cat log; fail "$1: the smoke test ran no kontainer"; }
  inside /opt/kontain/bin/kontain doctor >log || { cat log; fail "$1: doctor: $?"; }
  inside sh -c 'cd /tmp && printf "#include <iostream>\nint main() { std::cout << 6 * 7 << std::endl; }\n" >a.cc &&
    /opt/kontain/bin/kontain-g++ -O2 -o a.km a.cc && /opt/kontain/bin/km a.km' >out
  expect_equal "$(cat out)" 42 "$1: a C++ program"
  expect_contains <(inside /opt/kontain/bin/km /bin/sh -c 'uname -r') .kontain
  inside sh /opt/kontain/install.sh --uninstall --purge >log 2>&1 || { cat log; fail "$1: removing"; }
  rm -rf "$root/tmp/"*
  snapshot_root | diff before - || fail "$1: removing left something"
  echo "$1: installed, compiled, run and removed"
}

leave_machine() {
  umount -R "$root"
  rmdir "$root"
}

for suite in bullseye trixie; do
  make_chroot "$suite:minbase"
  try_it "Debian $suite"
  leave_machine
done

make_empty_root
mkdir -p "$root/bin" "$root/etc" "$root/root" "$root/usr/bin" "$root/usr/sbin" "$root/sbin"
cp "$(command -v busybox)" "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
mount_kernel_folders
try_it "busybox"

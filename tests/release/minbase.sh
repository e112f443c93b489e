#!/bin/bash
# minbase.sh [ARCHIVE]: a release on a machine with nothing but Debian's minbase: install as root and as a user, compile,
# run, a container, upgrade, remove; the file system before and after is the same.
. "$(dirname "$0")/chroot.sh"
begin_machine "${1:-}" minbase "minbase-network iproute2 iptables curl"
name=$(basename "$archive")

echo "== minbase: system"
make_chroot minbase
cp "$archive" "$archive.sha256" "$KONTAIN_SOURCE/install.sh" "$root/tmp/"
inside sh -c 'useradd -m -u 1000 user' >/dev/null
snapshot_root >before
started=$(date +%s%3N)
inside sh /tmp/install.sh "/tmp/$name" | tee log
installed=$(date +%s%3N)
grep -q "smoke test: compiled, and run in a virtual machine" log || fail "the smoke test did not run a kontainer"
inside kontain doctor || fail "doctor: $?"
inside sh -c 'cd /tmp && printf "#include <iostream>\nint main() { std::cout << 6 * 7 << std::endl; }\n" >a.cc &&
  kontain-g++ -O2 -o a.km a.cc && km a.km' >out
expect_equal "$(cat out)" 42 "a C++ program"
echo "installed in $((installed - started)) ms (smoke test included), C++ compiled and run after $(($(date +%s%3N) - started)) ms"
expect_equal "$(inside kontain run --network none /tmp/a.km)" 42 "kontain run"
expect_equal "$(inside ls /opt/kontain/share/man/man1 | wc -l)" "$(tar -tzf "$archive" | grep -c 'man/man1/.*\.1$')" "manual pages"
# Settings stay, whatever is installed, until somebody says that they should not.
mkdir -p "$root/etc/kontain"
echo '{"thp": "off"}' >"$root/etc/kontain/km.json"
inside sh /tmp/install.sh --no-smoke-test "/tmp/$name"
inside sh /opt/kontain/install.sh --uninstall
expect_equal "$(cat "$root/etc/kontain/km.json")" '{"thp": "off"}' "settings after installing again and removing"
inside sh /tmp/install.sh --uninstall --purge
rm -rf "$root/tmp/"*
snapshot_root | diff before - || fail "removing the system installation left something"
expect_equal "$(find "$root/run" -name '*kontain*')" "" "what is left in /run"

echo "== minbase: user"
cp "$archive" "$archive.sha256" "$KONTAIN_SOURCE/install.sh" "$root/tmp/"
inside_as_user sh /tmp/install.sh "/tmp/$name" | tee log
grep -q "smoke test: compiled, and run in a virtual machine" log || fail "the smoke test did not run a kontainer"
expect_equal "$(inside_as_user sh -c 'cd /tmp && echo "int main() { return 5; }" >b.c && ~/.local/bin/kontain-gcc -o b.km b.c &&
  ~/.local/bin/km b.km; echo $?')" 5 "a user's program"
inside_as_user sh /home/user/.local/kontain/install.sh --uninstall --purge
rm -rf "$root/tmp/"*
snapshot_root | diff before - || fail "removing the user installation left something"
umount -R "$root"

echo "== minbase with iproute2, iptables and curl: a published port"
rmdir "$root"
make_chroot minbase-network
cp "$archive" "$archive.sha256" "$KONTAIN_SOURCE/install.sh" "$root/tmp/"
snapshot_root >before
inside sh /tmp/install.sh "/tmp/$name" >log
cp -R "$KONTAIN_SOURCE/examples/web-server" "$root/tmp/"
inside sh -c 'cd /tmp/web-server && kontain-g++ -O2 -o server.km server.cc && kontain run -d --name web -p 8080:8080 server.km'
inside curl --silent --show-error --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:8080/ | tee out
expect_contains out "hello from a kontainer"
inside kontain ps
inside kontain stop web
inside kontain rm web
inside sh /opt/kontain/install.sh --uninstall --purge
rm -rf "$root/tmp/"*
snapshot_root | diff before - || fail "removing left something"
umount -R "$root"
echo "passed"

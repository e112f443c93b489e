# Without a usable /dev/kvm: status 125 and what to do, after the program itself was found good.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
[ "$(id -u)" = 0 ] || skip "hiding /dev/kvm needs root"
payload hello
chmod 755 "$workdir"
cp "$km" km
in_private_dev() { unshare -m sh -c 'mount -t tmpfs -o mode=755 none /dev && '"$1"' && shift && exec "$@"' sh "$@"; }
expect_status 125 in_private_dev true ./km ./hello
one_line_error "/dev/kvm: no such device"
expect_status 125 in_private_dev 'mknod -m 600 /dev/kvm c 10 232' setpriv --reuid 65534 --clear-groups ./km ./hello
one_line_error "/dev/kvm: permission denied"
expect_status 125 in_private_dev 'mknod -m 666 /dev/kvm c 1 3' ./km ./hello
one_line_error "/dev/kvm: not a KVM device"
# With that permission an ordinary user needs nothing else.
expect_status 0 in_private_dev 'mknod -m 666 /dev/kvm c 10 232' setpriv --reuid 65534 --clear-groups ./km ./hello

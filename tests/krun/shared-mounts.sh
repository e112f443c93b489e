#!/bin/bash
# A container without a mount namespace: its root is a mount of the host's, which is gone behind it, and holds it.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
# The host's mounts here are a copy, which ends with this test.
if [ -z "${IN_OWN_MOUNTS:-}" ]; then IN_OWN_MOUNTS=1 exec unshare -m --propagation private bash "$0" "$@"; fi
make_bundle
edit '.linux.namespaces -= [{"type":"mount"}] | .root.readonly=false'
echo secret >secret
findmnt -rno TARGET,OPTIONS,PROPAGATION | sort >mounts

same_mounts() { diff mounts <(findmnt -rno TARGET,OPTIONS,PROPAGATION | sort) || fail "$1: the host's mounts have changed"; }

for option in "" --no-pivot; do
  arguments sh -c 'readlink /proc/self/ns/mnt; ls /; cat ../../../../../../../..'"$workdir"'/secret; grep CapBnd /proc/self/status'
  edit '.process.capabilities[] += ["CAP_SYS_CHROOT"]'
  expect_status 0 krun run ${option:+"$option"} -b b "$tag-r"
  expect_contains out "$(readlink /proc/self/ns/mnt)"
  expect_contains out data
  if grep -q secret out; then fail "the host is reached"; fi
  capabilities=$(sed -n 's/^CapBnd:[[:space:]]*//p' out)
  expect_equal $(((0x$capabilities >> 18) & 1)) 0 "CAP_SYS_CHROOT"
  same_mounts "run $option"
done

# exec comes to the same root, and delete takes it away.
arguments sleep 100
krun run -d -b b "$tag-d" </dev/null >/dev/null 2>&1
expect_status 0 krun exec "$tag-d" sh -c 'echo here >/data/file; ls /; pwd; cat ../../../../../../../..'"$workdir"'/secret; true'
expect_contains out data
if grep -q secret out; then fail "exec reaches the host"; fi
expect_equal "$(cat b/rootfs/data/file)" here "what exec wrote"
expect_status 0 krun exec --cwd /../../../data "$tag-d" pwd
expect_equal "$(cat out)" /data "the working directory"
[ -e b/rootfs/proc/1 ] || fail "the mounts are not the host's"
expect_status 0 krun delete -f "$tag-d"
same_mounts delete

# One that cannot be made leaves nothing, and a root that was a mount before stays one.
arguments /missing
expect_status 1 krun run -b b "$tag-m"
same_mounts "a program that is missing"
mount -t tmpfs tmpfs b/rootfs/tmp
mount --bind b/rootfs b/rootfs
findmnt -rno TARGET,OPTIONS,PROPAGATION | sort >mounts
arguments true
expect_status 0 krun run -b b "$tag-b"
same_mounts "a root that is a mount"
umount b/rootfs b/rootfs/tmp

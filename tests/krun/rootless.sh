#!/bin/bash
# krun for a user without privileges: a user namespace with that one user, no cgroups, the same virtual machines.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
command -v setpriv >/dev/null || skip "there is no setpriv"
readonly user=1000
# /dev/kvm is for this user in a mount namespace of the test's own.
if [ "${KRUN_ROOTLESS_INSIDE:-}" != 1 ]; then
  exec env KRUN_ROOTLESS_INSIDE=1 unshare --mount --propagation private bash "$0"
fi
make_bundle
mkdir device home tools
mount -t tmpfs tmpfs device
mknod -m 666 device/kvm c 10 232
mount --bind device/kvm /dev/kvm
# The SDK may lie where the user cannot go.
cp "$KONTAIN_SDK/bin/krun" "$KONTAIN_SDK/bin/km" tools/
chmod 755 . tools
chown -R $user:$user b home
cd home
as_user() {
  setpriv --reuid=$user --regid=$user --clear-groups env -i PATH="$PATH" XDG_RUNTIME_DIR="$workdir/home" "$@"
}
krun() { timeout -k 2 60 setpriv --reuid=$user --regid=$user --clear-groups env -i PATH="$PATH" \
  XDG_RUNTIME_DIR="$workdir/home" "$workdir/tools/krun" "$@"; }
trap 'umount /dev/kvm "$workdir/device"; remove_bundle' EXIT

as_user test -w /dev/kvm || fail "the user cannot open /dev/kvm"
rm ../b/config.json
krun spec --rootless -b ../b
change() { jq "$@" <../b/config.json >config.new && as_user cp config.new ../b/config.json; }
change '.process.terminal=false | .process.args=["sh","-c","id -u; uname -r; cat /proc/self/uid_map"]'
expect_status 0 krun run -b ../b "$tag"
expect_contains out .kontain
expect_equal "$(head -1 out)" 0 "user inside"
grep -qE "^ +0 +$user +1$" out || fail "the mapping: $(cat out)"

# Root of a user namespace, which is what rootless podman makes of this user, is no other.
cp ../b/config.json own-namespace.json
change 'del(.linux.uidMappings, .linux.gidMappings, (.linux.namespaces[] | select(.type == "user")))'
expect_status 0 as_user timeout 60 unshare --user --map-root-user --mount "$workdir/tools/krun" run -b ../b "$tag"
expect_contains out .kontain
cp own-namespace.json ../b/config.json

change '.process.args=["sleep","100"]'
krun run -d -b ../b "$tag" </dev/null >log 2>&1 || fail "run -d: $(cat log)"
pid=$(krun state "$tag" | jq .pid)
expect_equal "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" $user "user outside"
cmp -s "/proc/$pid/exe" "$KONTAIN_SDK/bin/km" || fail "the container's process is no km"
expect_status 0 krun exec "$tag" uname -r
expect_contains out .kontain
expect_equal "$(krun list -q)" "$tag" list
krun kill --all "$tag" KILL
in_time sh -c "! kill -0 $pid 2>/dev/null"
krun delete "$tag"
expect_equal "$(krun list -q)" "" "left over"

# Limits need a cgroup, which this user cannot make here; asked for strictly, so does every container.
change '.process.args=["true"] | .linux.resources.memory={"limit":67108864}'
expect_status 1 krun run -b ../b "$tag"
expect_contains err "linux.resources"
change 'del(.linux.resources)'
expect_status 1 krun --rootless false run -b ../b "$tag"
expect_contains err "make cgroup"

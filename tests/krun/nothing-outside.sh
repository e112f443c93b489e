#!/bin/bash
# Every process of a container is a km, seen from the host: with evil files in the image, exec, hooks and privileges.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
edit '.root.readonly=false'

# is_km PID: its executable is the km of this SDK: the same bytes, whatever its name says.
km_size=$(stat -c %s "$KONTAIN_SDK/bin/km")
is_km() {
  [ "$(stat -L -c %s "/proc/$1/exe")" = "$km_size" ] && cmp -s "/proc/$1/exe" "$KONTAIN_SDK/bin/km"
}

# everything_is_km ID AT_LEAST: looks at each process in the container's pid namespace.
everything_is_km() {
  local namespace pid seen=0
  namespace=$(readlink "/proc/$(krun state "$1" | jq .pid)/ns/pid")
  for pid in /proc/[0-9]*; do
    [ "$(readlink "$pid/ns/pid" 2>/dev/null)" = "$namespace" ] || continue
    is_km "${pid#/proc/}" || fail "process ${pid#/proc/} of $1 is no km: $(tr '\0' ' ' <"$pid/cmdline")"
    seen=$((seen + 1))
  done
  [ "$seen" -ge "$2" ] || fail "only $seen processes in $1"
}

# An image that brings a km, an interpreter and a library path of its own, and links out of its root.
printf '#!/bin/sh\necho evil\n' >b/rootfs/bin/km
chmod 755 b/rootfs/bin/km
ln -s / b/rootfs/hostroot
ln -s /proc/self/exe b/rootfs/self
arguments sh -c 'sleep 100 & (sh -c "sleep 100") & sleep 100'
edit '.process.env += ["LD_PRELOAD=/evil.so","KM_HANDOVER=3","GLIBC_TUNABLES=glibc.malloc.check=3"]'
krun run -d -b b "$tag-c1" </dev/null >log 2>&1
krun exec -d "$tag-c1" sh -c "sleep 101; true" </dev/null >log 2>&1 || fail "exec: $(cat log)"
in_time krun exec "$tag-c1" sh -c 'ps | grep -q "sleep 101"'
everything_is_km "$tag-c1" 5
# A payload whose executable is a link to the monitor's own gets neither it nor a way to write it.
for program in /self /proc/self/exe /proc/1/exe; do
  expect_status 255 krun exec "$tag-c1" $program
done
expect_status 0 krun exec "$tag-c1" sh -c '! (exec 9>/proc/1/exe) 2>/dev/null; ! cat /proc/1/maps | grep -q /km'
krun delete -f "$tag-c1"

# An image that is evil wherever a runtime may look: interpreter, preload list, devices, users, links for folders.
cp -r b/rootfs evil
mkdir -p evil/lib64 evil/etc
cp "$(type -P true)" evil/bin/dynamic
printf '#!/bin/sh\necho native >/data/native\n' >evil/lib64/ld-linux-x86-64.so.2
chmod 755 evil/lib64/ld-linux-x86-64.so.2
echo /evil.so >evil/etc/ld.so.preload
rm -f evil/etc/passwd && mkfifo evil/etc/passwd
rm -rf evil/dev evil/sys && ln -s / evil/dev && ln -s ../../../../../../../.. evil/sys
edit '.root.path="../evil"'
arguments sh -c 'dynamic; sleep 100'
expect_status 1 krun run -b b "$tag-e1" # sysfs is not put where a link leads
expect_contains err "a symbolic link is in the way"
rm evil/sys && mkdir evil/sys
ls / /dev >before
if timeout 20 "$KONTAIN_SDK/bin/krun" --root "$workdir/state" run -d -b b "$tag-e2" </dev/null >log 2>&1; then
  everything_is_km "$tag-e2" 1
  krun delete -f "$tag-e2"
fi
ls / /dev >after
diff before after || fail "an image's link for /dev reached the host's"
[ ! -e evil/data/native ] || fail "the image's interpreter ran natively"
edit '.root.path="rootfs"'

# The device of the machine below cannot be opened, however privileged.
edit '.linux.devices=[{"path":"/dev/kvm","type":"c","major":10,"minor":232,"fileMode":438}] | del(.linux.resources)
  | .process.capabilities[]=["CAP_SYS_ADMIN","CAP_MKNOD","CAP_SYS_PTRACE","CAP_DAC_OVERRIDE","CAP_SYS_RAWIO"]'
arguments sh -c 'test -c /dev/kvm && ! (exec 5<>/dev/kvm) 2>/dev/null && ! cat /dev/mem >/dev/null 2>&1'
expect_status 0 krun run -b b "$tag-c2"

# startContainer hooks are the image's.
printf '#!/bin/sh\ncat >/data/state; uname -r >/data/kernel\n' >b/rootfs/bin/hook
chmod 755 b/rootfs/bin/hook
edit '.hooks.startContainer=[{"path":"/bin/hook","env":["PATH=/bin"]}]'
arguments true
expect_status 0 krun run -b b "$tag-c3"
expect_contains b/rootfs/data/kernel .kontain
expect_equal "$(jq -r .id b/rootfs/data/state)" "$tag-c3" "state on a hook's stdin"

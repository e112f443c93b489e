#!/bin/bash
# Ways out of a container that other runtimes once had: CVE-2016-9962, 2019-5736, 2021-30465, 2024-21626 and their kind.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
edit '.root.readonly=false'
mkdir outside
echo secret >outside/secret

# 2024-21626: a working folder that is a descriptor of the runtime's on the host.
for number in 3 4 5 6 7 8 9 10 11 12; do
  edit '.process.cwd=$cwd' --arg cwd "/proc/self/fd/$number"
  arguments sh -c 'cat ../../../../../../../../outside/secret secret outside/secret 2>/dev/null; pwd -P'
  krun run -b b "$tag-w$number" >out 2>err || true
  if grep -q secret out; then fail "the host is reached by cwd /proc/self/fd/$number"; fi
done
edit '.process.cwd="/"'

# Nothing but stdio is open in a fresh payload, and in one of exec.
arguments sh -c 'ls -l /proc/self/fd | grep -v " -> " ; ls /proc/self/fd'
exec 7<outside/secret
expect_status 0 krun run -b b "$tag-f1"
expect_equal "$(grep -cE '^([4-9]|[1-9][0-9]+)$' out)" 0 "descriptors above 3"
exec 7<&-

# 2021-30465 and before: links in the way of a mount lead nowhere outside.
ln -s "$workdir/outside" b/rootfs/link
ln -s ../../../../../../.."$workdir/outside" b/rootfs/relative
for place in /link/made /relative/made; do
  edit '.mounts += [{"destination":$to,"type":"tmpfs","source":"tmpfs"}]' --arg to "$place"
  arguments true
  krun run -b b "$tag-m1" >/dev/null 2>&1 || true
  [ ! -e outside/made ] || fail "a mount at $place was made outside"
  edit 'del(.mounts[-1])'
done
# The same while a racer exchanges a folder and a link.
mkdir b/rootfs/race
ln -s "$workdir/outside" b/rootfs/bait
python3 - b/rootfs <<'P' &
import ctypes, os, sys
libc = ctypes.CDLL(None)
os.chdir(sys.argv[1])
while os.path.isdir("/proc/%d" % os.getppid()):
    libc.syscall(316, -100, b"race", -100, b"bait", 2)  # renameat2, RENAME_EXCHANGE
P
racer=$!
edit '.mounts += [{"destination":"/race/in","type":"bind","source":$from,"options":["bind"]}]' --arg from "$workdir/b/rootfs/data"
for i in $(seq 15); do krun run -b b "$tag-x$i" >/dev/null 2>&1 || true; done
kill $racer
wait $racer 2>/dev/null || true
[ ! -e outside/in ] || fail "a racing link led a mount outside"
edit 'del(.mounts[-1])'

# procfs is where it says, and is not covered.
rm -rf b/rootfs/proc
ln -s tmp b/rootfs/proc
expect_status 1 krun run -b b "$tag-p1"
rm b/rootfs/proc
mkdir b/rootfs/proc
edit '.mounts += [{"destination":"/proc/self","type":"tmpfs","source":"tmpfs"}]'
expect_status 1 krun run -b b "$tag-p2"
expect_contains err "inside /proc"
edit 'del(.mounts[-1])'

# Where the configuration has no procfs, what an image puts in its place is not read by anybody.
edit '.mounts |= map(select(.destination != "/proc"))'
mkdir -p b/rootfs/proc/self
echo '7e0000000000-7e0000001000 r--p 00000000 00:00 0 [vvar]' >b/rootfs/proc/self/maps
arguments sh -c 'date; grep -c "vvar" /proc/self/maps; [ -e /proc/1/stat ] && ! mv /proc /x 2>/dev/null && sh -c "date; echo alive"'
for way in folder nothing; do
  expect_status 0 krun run -b b "$tag-p3-$way"
  expect_contains out alive
  rm -rf b/rootfs/proc
done
ln -s tmp b/rootfs/proc
expect_status 1 krun run -b b "$tag-p4"
rm b/rootfs/proc
# Where it would be the host's, each process sees itself alone; and programs start others as ever.
mkdir -p b/rootfs/proc/self
cp b/config.json own-pids.json
edit '.linux.namespaces -= [{"type":"pid"}]'
cat >b/rootfs/data/look <<'S'
echo alone $(ls /proc | grep -c '^[0-9]')
[ -e /proc/1 ] || echo closed
echo x 2>/dev/null >/proc/x || echo unwritable
date >/dev/null && grep -q vvar /proc/self/maps; sh -c 'exit 7'; echo $?
S
arguments sh /data/look
expect_status 0 krun run -b b "$tag-p5"
expect_equal "$(xargs <out)" 'alone 1 closed unwritable 7' "/proc"
edit '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{"containerID":0,"hostID":0,"size":65536}] | .linux.gidMappings = .linux.uidMappings'
expect_status 1 krun run -b b "$tag-p6"
expect_contains err 'mounts: /proc: without a pid namespace and with a user namespace, one has to be bound there'
edit '.mounts += [{"destination":"/proc","type":"bind","source":"/proc","options":["rbind"]}]'
arguments sh -c 'sh -c "exit 7"'
expect_status 7 krun run -b b "$tag-p7"
rmdir b/rootfs/proc/self
cp own-pids.json b/config.json
edit '.mounts += [{"destination":"/proc","type":"proc","source":"proc"}]'

# 2016-9962: a process that comes in by exec cannot be looked into before it is a km, nor behind.
arguments sh -c 'while :; do for p in /proc/[0-9]*; do ls -l $p/fd/ $p/root/ $p/cwd/ 2>/dev/null | grep -E "secret|memfd|kvm" && echo leak >>/data/leak; done; done'
krun run -d -b b "$tag-c1" </dev/null >/dev/null 2>&1
for i in $(seq 10); do krun exec "$tag-c1" true; done
[ ! -e b/rootfs/data/leak ] || fail "something of the runtime was seen"

# 2019-5736: km cannot be written through any process, also with all capabilities.
sum=$(sha256sum <"$KONTAIN_SDK/bin/km")
krun exec "$tag-c1" sh -c 'for p in /proc/[0-9]*; do (exec 9>>$p/exe && echo evil >&9) 2>/dev/null; done; true'
expect_equal "$(sha256sum <"$KONTAIN_SDK/bin/km")" "$sum" "the monitor's file"

# The same by a racer that tries every process as it comes.
krun exec -d "$tag-c1" sh -c 'while :; do for p in /proc/[0-9]*; do (exec 9>$p/exe && echo >>/data/wrote) 2>/dev/null; done; done' \
  </dev/null >/dev/null 2>&1
for i in $(seq 20); do krun exec "$tag-c1" true; done
expect_equal "$(sha256sum <"$KONTAIN_SDK/bin/km")" "$sum" "the monitor's file"
[ ! -e b/rootfs/data/wrote ] || fail "the monitor's file was opened for writing"

# 2024-21626 by exec.
for number in 3 4 5 6 7 8 9 10 11 12; do
  krun exec --cwd /proc/self/fd/$number "$tag-c1" sh -c 'cat ../../../../../../../../outside/secret outside/secret; ls ..' >out 2>err || true
  if grep -q secret out; then fail "the host is reached by exec --cwd /proc/self/fd/$number"; fi
done

# Masked and read-only paths hold.
expect_status 0 krun exec "$tag-c1" sh -c '! echo 1 2>/dev/null >/proc/sys/kernel/panic; [ -z "$(cat /proc/timer_list)" ]'

# Network interfaces are the host kernel's to guard: only with CAP_NET_ADMIN, and only those of the own namespace.
arguments ifconfig lo down
expect_status 1 krun run -b b "$tag-n1"
expect_contains err "Operation not permitted"
arguments sh -c 'ifconfig lo down && ! ifconfig lo | grep -q UP'
edit '.process.capabilities[] += ["CAP_NET_ADMIN"]'
expect_status 0 krun run -b b "$tag-n2"

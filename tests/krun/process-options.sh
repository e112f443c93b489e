#!/bin/bash
# What create, run and exec can be told of a process: descriptors, groups, capabilities, keyrings, terminals.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
edit '.root.readonly=false'
cp b/config.json plain.json

# Descriptors that are handed through, and no others: by number, and as socket activation does.
echo first >file3
echo second >file4
arguments sh -c 'cat <&3; cat <&4; ls /proc/self/fd | tr "\n" " "'
expect_status 0 krun run --preserve-fds 2 -b b "$tag" 3<file3 4<file4 7<file3
expect_equal "$(tr '\n' ' ' <out)" "first second 0 1 2 3 4 5 " "descriptors 3 and 4"  # 5: ls's own
arguments sh -c 'cat <&3; echo $LISTEN_FDS $LISTEN_PID; [ ! -e /proc/self/fd/4 ] || echo too many'
LISTEN_FDS=1 expect_status 0 krun run -b b "$tag" 3<file3 4<file4
expect_equal "$(tr '\n' ' ' <out)" "first 1 1 " "the descriptor of LISTEN_FDS"
arguments sh -c 'ls /proc/self/fd | tr "\n" " "'
expect_status 0 krun run -b b "$tag" 3<file3 4<file4
expect_equal "$(cat out)" "0 1 2 3 " "descriptors of a container"

# The processes of exec.
arguments sleep 100
krun run -d -b b "$tag" </dev/null >/dev/null 2>&1
expect_status 0 krun exec --preserve-fds 1 "$tag" sh -c 'cat <&3; [ ! -e /proc/self/fd/4 ]' 3<file3 4<file4
expect_contains out first
expect_status 0 krun exec --user 1000:1000 --additional-gids 2000 --additional-gids 2001 "$tag" id -G
expect_equal "$(cat out)" "1000 2000 2001" "groups"
effective() { krun exec "$@" "$tag" sed -n 's/^CapEff:\t*//p' /proc/self/status; }
without=$(effective)
with=$(effective --cap CAP_SYS_NICE)
expect_equal $((0x$with & ~0x$without)) $((1 << 23)) "the capability that --cap adds"
expect_status 255 krun exec --cap CAP_NOTHING "$tag" true
expect_contains err "CAP_NOTHING: no such capability"
# Both processes are in the container's cgroup, in each hierarchy that is mounted here.
krun exec -d --pid-file exec.pid "$tag" sleep 100 </dev/null >/dev/null 2>&1
places=$(grep "/$tag\$" "/proc/$(krun state "$tag" | jq .pid)/cgroup")
expect_equal "$(wc -l <<<"$places")" "$(awk '$3 ~ /^cgroup/' /proc/mounts | wc -l)" "hierarchies"
expect_equal "$(grep "/$tag\$" "/proc/$(cat exec.pid)/cgroup")" "$places" "cgroups of exec"
krun pause "$tag"
expect_status 255 krun exec "$tag" true
expect_contains err "--ignore-paused"
# Nothing of exec runs in a frozen container.
krun exec --ignore-paused "$tag" touch /tmp/thawed &
waiting=$!
freezer=$(awk '$3 == "cgroup" && $4 ~ /freezer/ {print $2}' /proc/mounts)
[ -z "$freezer" ] || in_time sh -c '[ "$(wc -l <"$1")" = 3 ]' sh "$freezer/$tag/cgroup.procs" || fail "exec is not in the freezer"
[ ! -e "/proc/$(krun state "$tag" | jq .pid)/root/tmp/thawed" ] || fail "exec ran in a frozen container"
krun resume "$tag"
wait $waiting || fail "exec behind resume"
[ -e "/proc/$(krun state "$tag" | jq .pid)/root/tmp/thawed" ] || fail "exec did not run"
krun delete -f "$tag"

# A session keyring of its own, unless it is told not to. The kernel takes its time to forget the first one.
edit '.linux.maskedPaths=[]'
arguments cat /proc/keys
expect_status 0 krun run -b b "$tag"
expect_contains out "_ses.$tag"
expect_status 0 krun run --no-new-keyring -b b "$tag-shared"
if grep -qF "_ses.$tag-shared" out; then fail "--no-new-keyring makes one"; fi

# The terminal goes to whoever listens on the socket, in the size that was asked for.
arguments sh -c 'stty size; read -r line; echo "got $line"'
edit '.process.terminal=true | .process.consoleSize={"height":41,"width":97}'
expect_status 1 krun create -b b "$tag"
expect_contains err "needs --console-socket"
cat >terminal.py <<'P'
import array, os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("console")
listener.listen(1)
open("ready", "w").close()
listener.settimeout(30)
connection = listener.accept()[0]
_, ancillary, _, _ = connection.recvmsg(100, socket.CMSG_SPACE(4))
master = array.array("i", ancillary[0][2])[0]
os.write(master, b"word\n")
text = b""
while b"got word" not in text:
    text += os.read(master, 1000)
print(text.decode())
P
python3 terminal.py >seen &
listener=$!
in_time [ -e ready ]
krun create -b b --console-socket console "$tag" </dev/null
krun start "$tag"
wait $listener || fail "the terminal: $(cat seen)"
expect_contains seen "41 97"
in_time sh -c "'$KONTAIN_SDK/bin/krun' --root '$workdir/state' state '$tag' | grep -q stopped"
krun delete "$tag"
expect_status 1 krun create -b b --console-socket nothing "$tag"
expect_equal "$(krun list -q)" "" "left over"

# Time of processors beyond the quota.
cp plain.json b/config.json
arguments sleep 100
edit '.linux.resources.cpu={"quota":50000,"period":100000,"burst":20000}'
file=$(find /sys/fs/cgroup/cpu* -maxdepth 1 -name cpu.cfs_burst_us 2>/dev/null | head -1)
if [ -n "$file" ] || [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  krun run -d -b b "$tag" </dev/null >/dev/null 2>&1
  cgroup=$(find /sys/fs/cgroup/cpu* /sys/fs/cgroup -maxdepth 2 -name "$tag" 2>/dev/null | head -1)
  expect_equal "$(cat "$cgroup"/cpu.cfs_burst_us "$cgroup"/cpu.max.burst 2>/dev/null)" 20000 "burst"
  krun delete -f "$tag"
fi

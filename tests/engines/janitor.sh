#!/bin/bash
# A node leaves nothing behind, however it ends.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
[ "$(id -u)" -eq 0 ] || skip "nodes need root"
make_workdir
cat >script.sh <<'S'
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
enter_node "$@"
mkdir -p /sys/fs/cgroup/memory/engine/container
mount -t tmpfs none /mnt
sleep 987654 &
echo $! >/sys/fs/cgroup/memory/engine/container/cgroup.procs
echo "$node" >"$1.new"
mv "$1.new" "$1"
case "$2" in
  end) exit 7 ;;
  wait) sleep 987654 ;;
esac
S
left() { # what there is of the node named in the file $1
  local name
  name=$(basename "$(cat "$1")")
  find /tmp /sys/fs/cgroup -maxdepth 2 -name "$name" 2>/dev/null
  grep -l "KONTAIN_NODE=.*$name" /proc/[0-9]*/environ 2>/dev/null
}
nothing_left() { for _ in $(seq 50); do [ -z "$(left "$1")" ] && return; sleep 0.2; done; left "$1" || true; fail "left behind"; }
# begin_node NAME: in the background; $starter is its process.
begin_node() {
  bash script.sh "$PWD/$1" wait &
  starter=$!
  for _ in $(seq 100); do [ -e "$1" ] && return; sleep 0.1; done
  fail "the node does not start"
}

expect_status 7 bash script.sh "$PWD/ended" end
nothing_left ended
begin_node told
kill -TERM $starter
wait $starter || true
nothing_left told
# Its starter killed without a word: processes and mounts are gone at once, the rest with the next node.
begin_node killed
[ -n "$(left killed)" ] || fail "the test sees nothing"
kill -KILL $starter
wait $starter || true
for _ in $(seq 50); do grep -lqs "KONTAIN_NODE=$(cat killed)" /proc/[0-9]*/environ || break; sleep 0.1; done
expect_status 7 bash script.sh "$PWD/next" end
nothing_left killed
nothing_left next
# One that lives is left alone.
begin_node alive
expect_status 7 bash script.sh "$PWD/other" end
[ -d "$(cat alive)" ] || fail "a living node was removed"
kill -TERM $starter
wait $starter || true
nothing_left alive
# And none lives for ever.
NODE_LIMIT_SECONDS=1 expect_status 124 bash script.sh "$PWD/limited" wait
nothing_left limited

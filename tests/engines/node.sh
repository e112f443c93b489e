# A node: a machine of its own for container engines. Sourced behind tests/lib/common.sh.
# shellcheck shell=bash
#
# Everything an engine touches is private to the node: processes, mounts, network, /run, /etc, /dev, /var/lib, and the
# cgroup hierarchies below a group of its own. When the script ends, however it ends, the kernel ends every process of
# the node and forgets its mounts; what is left then, a folder and empty cgroups, is removed by its starter, or by the
# next one (sweep_nodes) where that was killed too.

node_home=${TMPDIR:-/tmp}


# enter_node [ARGUMENTS]: first thing in a script. Runs it again inside a node and ends; inside, it returns.
# Inside, $node is a folder on disk that belongs to the node.
enter_node() {
  if [ "${KONTAIN_NODE:-}" ]; then
    node=$KONTAIN_NODE
    cd "$node/work" || exit 1
    return
  fi
  [ "$(id -u)" -eq 0 ] || skip "engines are run as root"
  [ -n "$(findmnt -rno TARGET -t cgroup)" ] || skip "nodes are made on cgroup v1 only"
  sweep_nodes
  local folder status=0
  node_process=""
  folder=$(mktemp -d "$node_home/kontain-node.$$.XXXXXX")
  # shellcheck disable=SC2064
  trap "end_node '$folder'" EXIT
  trap 'exit 130' INT TERM HUP
  own_start_time $$ >"$folder/owner"
  mkdir "$folder"/{work,etc,etc.work,run,lib}
  chmod 755 "$folder" "$folder/work"
  KONTAIN_NODE=$folder setpriv --pdeathsig KILL unshare --mount --net --ipc --uts --pid --fork --kill-child=KILL \
    --propagation private bash "$KONTAIN_SOURCE/tests/engines/node_init.sh" "${NODE_LIMIT_SECONDS:-1700}" "$0" "$@" &
  node_process=$!
  wait $node_process || status=$?
  exit "$status"
}

own_start_time() { echo "$1 $(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)"; }

# Nodes whose starter is no longer alive.
sweep_nodes() {
  local folder pid
  for folder in "$node_home"/kontain-node.*; do
    [ -f "$folder/owner" ] || continue
    read -r pid _ <"$folder/owner"
    [ "$(own_start_time "$pid" 2>/dev/null)" = "$(cat "$folder/owner")" ] || remove_node "$folder"
  done
}

end_node() {
  kill -KILL "$node_process" 2>/dev/null || true
  wait "$node_process" 2>/dev/null || true
  remove_node "$1"
}

# remove_node FOLDER: the processes are gone by now; the kernel may still be taking down what they had.
remove_node() {
  local folder=$1 group
  for group in /sys/fs/cgroup/*/"$(basename "$folder")"; do
    [ -d "$group" ] || continue
    for _ in $(seq 50); do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [ -d "$group" ] || break
      sleep 0.1
    done
  done
  for _ in $(seq 50); do
    rm -rf --one-file-system "$folder" 2>/dev/null && break
    sleep 0.1
  done
}

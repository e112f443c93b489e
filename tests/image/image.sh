# What tests of kontain-build share; sourced behind tests/lib/common.sh.
# shellcheck shell=bash disable=SC2154,SC2034
build_tool=$KONTAIN_SDK/bin/kontain-build

# need PROGRAM...: skips the test where one is missing.
need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
}

# The store of this test, whatever the user's is.
kb() { "$build_tool" --store "$workdir/store" "$@"; }

# make_payload FILE: a small static program, as kontain-gcc's are.
make_payload() { cp "$KONTAIN_SDK/bin/krun" "$1"; }

# free_port: a TCP port that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# in_time COMMAND...: again and again until it succeeds, for half a minute at most.
in_time() {
  local i
  for ((i = 0; i < 300; ++i)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  fail "not in time: $*"
}

# start_registry [HTPASSWD]: Debian's docker-registry on a port of its own, $registry is its name; ends with the test.
start_registry() {
  local port auth=""
  port=$(free_port)
  registry="localhost:$port"
  [ $# -eq 0 ] || auth=$(printf 'auth:\n  htpasswd:\n    realm: test\n    path: %s\n' "$1")
  cat >"$workdir/registry.yml" <<END
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: $workdir/registry-data
http:
  addr: 127.0.0.1:$port
$auth
END
  docker-registry serve "$workdir/registry.yml" >"$workdir/registry.log" 2>&1 &
  registry_pid=$!
  trap 'kill $registry_pid 2>/dev/null || true; wait $registry_pid 2>/dev/null || true; rm -rf "$workdir"' EXIT
  in_time bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
}

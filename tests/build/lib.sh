# What the suites of Dockerfile builds share. Sourced behind tests/lib/common.sh.
# shellcheck shell=bash disable=SC2154

# Enters a scratch folder with a store of its own.
make_store() {
  make_workdir
  export XDG_DATA_HOME=$workdir/data
  store=$workdir/store
}

build() { "$KONTAIN_SDK/bin/kontain-build" --store "$store" "$@"; }

# built NAME [OPTIONS...]: builds ./NAME.ctx, whose Dockerfile is on stdin, as image NAME; prints the digest.
built() {
  local name=$1
  shift
  mkdir -p "$name.ctx"
  cat >"$name.ctx/Dockerfile"
  build -t "$name" --print digest "$@" "$name.ctx"
}

# The image bb, of ./bb.ctx: a root with busybox (make_busybox_rootfs of tests/krun/engine.sh).
build_busybox() {
  mkdir -p bb.ctx
  make_busybox_rootfs bb.ctx/root
  printf 'FROM scratch\nCOPY root/ /\nRUN chmod 1777 /tmp\n' >bb.ctx/Dockerfile
  build -t bb bb.ctx >/dev/null
}

# unpacked NAME: its root file system is in ./NAME.root/rootfs, its configuration in ./NAME.root/image.json.
unpacked() {
  rm -rf "$1.root"
  build unpack "$1" "$1.root" >/dev/null
}

# config NAME FILTER: what jq finds in its configuration.
config() { jq -r "$2" <"$1.root/image.json"; }

# Of the steps of the build whose process was $victim: their cgroups, and whether krun or anything of a container is left.
step_cgroups() { find /sys/fs/cgroup -maxdepth 4 -name "kontain-build-$victim-*"; }
step_processes() {
  pgrep -f -- "kontain-build-$victim-" || true
  step_cgroups | sed 's|$|/cgroup.procs|' | xargs -r cat 2>/dev/null | sort -u || true
}
steps_ended() { [ -z "$(step_processes)" ]; }

# refuses TEXT COMMAND...: it fails, saying TEXT.
refuses() {
  local text=$1
  shift
  if "$@" >out 2>err; then fail "it did not fail: $*"; fi
  expect_contains err "$text"
}

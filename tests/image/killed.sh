#!/bin/bash
# A build, a pull and a gc killed at every one of their system calls that change files: the store stays valid, and the next
# run repairs what is left.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
need strace
make_workdir
cp /bin/true app.km
seq 1 100000 >data
calls="write renameat unlinkat fdatasync mkdirat flock"

# valid STORE: everything that has a name is whole.
valid() {
  local name bad
  for name in $("$build_tool" --store "$1" ls --format json | jq -r '.[].name'); do
    rm -rf check
    "$build_tool" --store "$1" unpack "$name" check >/dev/null || fail "the store is damaged after a kill: $name"
  done
  # A blob under its name is what its name says.
  bad=$(find "$1/blobs/sha256" -type f -exec sha256sum {} + | awk '{ sub(/.*\//, "", $2) } $1 != $2')
  [ -z "$bad" ] || fail "a blob is not what its name says after a kill: $bad"
}

# kill_at_each LEAST SETUP COMMAND...: kills COMMAND at its first, second, ... call of each kind until it ends by itself.
# strace counts each kind of call for itself. At least LEAST kills have to be seen.
kill_at_each() {
  local least=$1 setup=$2 call status kills=0
  shift 2
  for call in $calls; do
    for ((n = 1; ; ++n)); do
      [ "$n" -lt 200 ] || fail "never ends: $call of $*"
      rm -rf store
      $setup
      status=0
      # In a shell of its own, which says nothing of what was killed.
      (strace -f -o /dev/null -e "trace=$call" -e "inject=$call:signal=SIGKILL:when=$n" "$build_tool" --store store "$@" \
        >/dev/null 2>&1; exit $?) 2>/dev/null || status=$?
      if [ "$status" -eq 0 ]; then break; fi
      kills=$((kills + 1))
      if [ -e store/oci-layout ] && [ -e store/index.json ]; then valid store; fi
      expect_status 0 kb "$@"
      valid store
      kb gc >/dev/null
      [ -z "$(ls store/tmp)" ] || fail "tmp is not empty after $call $n"
    done
  done
  [ "$kills" -ge "$least" ] || fail "only $kills kills: $*"
}
nothing() { :; }
with_images() {
  kb -t old --payload app.km >/dev/null
  kb -t gone --payload app.km --arg x >/dev/null
  kb rm gone
}
kill_at_each 15 nothing -t app --payload app.km --copy data:/data
kill_at_each 15 with_images -t app --payload app.km --copy data:/data
"$build_tool" --store source -t app --payload app.km -o oci-archive:archive.tar -o oci:layout >/dev/null
kill_at_each 15 nothing pull oci-archive:archive.tar
kill_at_each 5 with_images gc --cache-days 0

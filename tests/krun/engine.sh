# What the suites with real container engines share. Sourced behind tests/lib/common.sh.
# shellcheck shell=bash

# An image's root file system in $1: busybox with all its names, users, and a CMD's working folders.
make_busybox_rootfs() {
  local root=$1 name
  mkdir -p "$root"/{bin,dev,etc,proc,root,sys,tmp,var,home/user,data}
  cp /bin/busybox "$root/bin/busybox"
  for name in $("$root/bin/busybox" --list); do
    [ "$name" = busybox ] || ln -sf busybox "$root/bin/$name"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n' >"$root/etc/group"
  chown 1000:1000 "$root/home/user"
  chmod 1777 "$root/tmp"
}

# check NAME COMMAND...: one numbered line to the file `results` and to stdout. The command has a minute.
check() {
  local name=$1 status=0
  shift
  ( set +e; "$@" ) >check.out 2>&1 </dev/null || status=$?
  if [ "$status" -eq 0 ]; then
    echo "ok $name" | tee -a results
  else
    echo "not ok $name (status $status)" | tee -a results
    sed 's/^/    /' check.out | head -12
  fi
}

# status N COMMAND...: it ends with N.
status() {
  local wanted=$1 got=0
  shift
  "$@" || got=$?
  [ "$got" -eq "$wanted" ] || { echo "status $got instead of $wanted"; return 1; }
}

# says TEXT COMMAND...: its output has TEXT.
says() {
  local text=$1 out
  shift
  out=$("$@" 2>&1) || { echo "status $?: $out"; return 1; }
  [[ $out == *"$text"* ]] || { echo "'$text' is not in: $out"; return 1; }
}

# fails_saying TEXT COMMAND...: it fails with TEXT.
fails_saying() {
  local text=$1 out
  shift
  if out=$("$@" 2>&1); then echo "it did not fail: $out"; return 1; fi
  [[ $out == *"$text"* ]] || { echo "'$text' is not in: $out"; return 1; }
}

# in_time COMMAND...: it succeeds within ten seconds, asked again and again.
in_time() {
  for _ in $(seq 50); do
    "$@" && return 0
    sleep 0.2
  done
  return 1
}

# Every check that passes with the runtime $1 (its results in a file) passes with krun.
compare_results() {
  local theirs=$1 ours=$2 lost
  lost=$(grep -h '^ok ' "$theirs" | sed 's/^ok //' | while read -r name; do
    grep -qxF "ok $name" "$ours" || echo "$name"
  done)
  [ -z "$lost" ] || fail "passes with ${theirs#results.} and not with krun: $lost"
}

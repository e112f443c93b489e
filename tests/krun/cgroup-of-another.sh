#!/bin/bash
# A cgroup belongs to one container: another that names it is refused, and does the first no harm.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
other() { timeout -k 2 60 "$KONTAIN_SDK/bin/krun" --root "$workdir/other" "$@"; }
is_running() { expect_equal "$(krun state "$tag" | jq -r .status)" running "the first container"; }

arguments sleep 100
krun run -d -b b "$tag" </dev/null >/dev/null 2>&1
is_running
# The same name in another state folder means the same cgroup.
for verb in "create" "run -d"; do
  # shellcheck disable=SC2086
  expect_status 1 other $verb -b b "$tag"
  expect_contains err "linux.cgroupsPath"
  expect_contains err "is not empty"
  expect_equal "$(other list -q)" "" "left over"
  is_running
done
# Also below it, by a path.
edit '.linux.cgroupsPath=$path' --arg path "/$tag"
expect_status 1 krun run -b b "$tag-2"
expect_contains err "is not empty"
is_running

# Many at once that want the same one: one gets it, and no other has touched it.
edit '.linux.cgroupsPath=$path' --arg path "/$tag-many"
for i in $(seq 6); do
  krun run -d -b b "$tag-m$i" </dev/null >"log$i" 2>&1 &
  makers[i]=$!
done
for i in $(seq 6); do
  wait "${makers[i]}" || grep -qE "is not empty|has it" "log$i" || fail "log$i: $(cat "log$i")"
done
expect_equal "$(krun list -q | grep -c -- -m)" 1 "containers in the cgroup"
expect_equal "$(krun state "$(krun list -q | grep -- -m)" | jq -r .status)" running "the one"

# One that is empty is taken: an engine may have made it.
krun delete -f "$tag"
folder=$(dirname "$(find /sys/fs/cgroup -maxdepth 2 -name "$tag-many" | head -1)")
mkdir "$folder/$tag"
edit 'del(.linux.cgroupsPath)'
arguments true
expect_status 0 krun run -b b "$tag"
[ ! -e "$folder/$tag" ] || fail "the cgroup is left"

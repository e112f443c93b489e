#!/bin/bash
# What krun's own options and settings do, and that none of them is taken and ignored.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
cp b/config.json plain.json

# No cgroup at all, and limits are then an error.
arguments sleep 100
krun --cgroup-manager disabled run -d -b b "$tag" </dev/null >/dev/null 2>&1
expect_equal "$(grep -c "$tag" "/proc/$(krun state "$tag" | jq .pid)/cgroup" || true)" 0 "cgroups of the container"
expect_status 1 krun pause "$tag"
expect_contains err "no freezer cgroup"
krun delete -f "$tag"
edit '.linux.resources.memory={"limit":67108864}'
expect_status 1 krun --cgroup-manager disabled run -b b "$tag"
expect_contains err "memory.limit: the container has no cgroup to set it in"
for option in "--cgroup-manager nothing" "--rootless perhaps" "--log-format xml"; do
  # shellcheck disable=SC2086
  expect_status 1 krun $option list
done
for option in "--cgroup-manager systemd" --systemd-cgroup; do
  # shellcheck disable=SC2086
  expect_status 1 krun $option list
  expect_contains err "systemd cgroup driver"
done

# Cgroups that may not be made: an error, or left out where it was said so.
cp plain.json b/config.json
arguments echo without
edit 'del(.linux.resources)'
without_cgroups() {
  unshare -m bash -c 'grep cgroup /proc/self/mounts | cut -d" " -f2 | while read -r at; do
    mount --bind "$at" "$at" && mount -o remount,ro,bind "$at" || exit 99
  done && exec "$@"' sh "$KONTAIN_SDK/bin/krun" --root "$workdir/state" "$@"
}
expect_status 1 without_cgroups --rootless false run -b b "$tag"
expect_contains err "make cgroup"
expect_status 1 without_cgroups run -b b "$tag"
expect_status 0 without_cgroups --rootless true run -b b "$tag"
expect_contains out without

# --die-with-parent: what would not hear a SIGTERM ends, and is deleted, with the one that started krun; a signal is
# passed on as without it.
arguments sleep 1000
bash -c '"$@"; exit' sh "$KONTAIN_SDK/bin/krun" --root "$workdir/state" run --die-with-parent -b b "$tag" &
parent=$!
is_running() { [ "$(krun state "$tag" 2>/dev/null | jq -r .status)" = running ]; }
none_left() { [ -z "$(krun list -q)" ]; }
in_time is_running || fail "the container does not run"
kill -KILL "$parent"
in_time none_left || fail "the container is left behind by its parent"
wait "$parent" 2>/dev/null || true
arguments sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'
"$KONTAIN_SDK/bin/krun" --root "$workdir/state" run --die-with-parent -b b "$tag" >out &
parent=$!
in_time grep -q ready out || fail "the container does not run"
kill -TERM "$parent"
status=0
wait "$parent" || status=$?
expect_equal "$status" 5 "status of a container that hears SIGTERM"
expect_status 1 krun run -d --die-with-parent -b b "$tag"
expect_contains err "excludes"
arguments echo without

# --debug says what was called and how it ended, in the log's format.
expect_status 0 krun --debug --log log.json --log-format json run -b b "$tag"
expect_equal "$(jq -r 'select(.level == "debug").msg' log.json | tail -1)" "ends with status 0" "the log's last line"
expect_status 1 krun --debug state "$tag-none"
expect_contains err "level=debug"

# The settings: what the administrator says comes first, then the image, then the container; what is locked stays.
says_trace() { grep -q exit_group err; }
settings() { echo "$1" >settings.json; }
own() { krun --settings settings.json "$@"; }
settings '{"annotations":{"app.kontain.trace":"%process"}}'
expect_status 0 own run -b b "$tag"
says_trace || fail "the administrator's annotation is not used"
edit '.annotations={"app.kontain.trace":"off"}'
expect_status 0 own run -b b "$tag"
! says_trace || fail "the container's annotation does not win"
edit '.vm={"hypervisor":{"parameters":["--trace=%process"]}}'
expect_status 0 own run -b b "$tag"
! says_trace || fail "the annotation does not win over vm.hypervisor.parameters"
edit 'del(.annotations)'
settings '{"annotations":{"app.kontain.trace":"off"}}'
expect_status 0 own run -b b "$tag"
says_trace || fail "vm.hypervisor.parameters does not win over the administrator's annotation"
settings '{"locked":["app.kontain.trace"]}'
expect_status 1 own run -b b "$tag"
expect_contains err "app.kontain.trace: locked by the administrator"
for text in '{"unknown":1}' '{"annotations":{"other":"x"}}' '{"otherRuntime":"runc"}' '{"locked":1}' '{'; do
  settings "$text"
  expect_status 1 own run -b b "$tag"
  expect_contains err settings.json
done
expect_equal "$(krun list -q)" "" "left over"

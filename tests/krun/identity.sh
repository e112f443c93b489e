#!/bin/bash
# Users, mappings, idmapped mounts, time, scheduling and processors of a container's processes, of init and exec alike.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
cp b/config.json plain.json
running() {
  cp plain.json b/config.json
  arguments sleep 100
  edit "$@"
  krun run -d -b b "$tag" </dev/null >log 2>&1 || fail "run: $(cat log)"
  pid=$(krun state "$tag" | jq .pid)
}
stop() { krun delete -f "$tag"; }

# An idmapped mount shows the files of one user as another's; so does one with the container's own mappings.
mkdir shared
touch shared/file
try_idmap() {
  cp plain.json b/config.json
  arguments sh -c 'stat -c %u:%g /shared/file; touch /shared/new 2>/dev/null; stat -c %u:%g /shared/new'
  edit "$@" --arg from "$workdir/shared"
  rm -f shared/new
  if ! krun run -b b "$tag" >out 2>err && grep -q 'mount_setattr: Invalid argument' err; then
    echo "this file system has no idmapped mounts"
    return 1
  fi
}
mapping='[{"containerID":0,"hostID":1000,"size":10}]'
if try_idmap '.process.user={"uid":1000,"gid":1000} | .mounts += [{"destination":"/shared","type":"bind","source":$from,
    "options":["bind"],"uidMappings":'"$mapping"',"gidMappings":'"$mapping"'}]'; then
  expect_equal "$(head -1 out)" 1000:1000 "owner in the mount"
  expect_equal "$(stat -c %u:%g shared/new)" 0:0 "owner of a new file outside"
  wide='[{"containerID":0,"hostID":100000,"size":65536}]'
  try_idmap '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings='"$wide"' | .linux.gidMappings='"$wide"'
    | .mounts += [{"destination":"/shared","type":"bind","source":$from,"options":["bind","idmap"]}]'
  expect_equal "$(head -1 out)" 0:0 "owner in the user namespace"
  expect_equal "$(stat -c %u:%g shared/new)" 0:0 "owner of a new file outside"
fi
# What makes no sense is an error.
cp plain.json b/config.json
arguments true
edit '.mounts += [{"destination":"/shared","type":"bind","source":"/tmp","options":["bind","idmap"]}]'
expect_status 1 krun run -b b "$tag"
expect_contains err "an idmapped mount needs mappings"

# The OOM score of a process that may not write it itself, lower than the runtime's too.
running '.linux.uidMappings=[{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings=.linux.uidMappings
  | .linux.namespaces += [{"type":"user"}] | .process.oomScoreAdj=321'
expect_equal "$(cat "/proc/$pid/oom_score_adj")" 321 "OOM score"
expect_status 0 krun exec "$tag" sh -c 'cat /proc/self/oom_score_adj; id -u'
expect_equal "$(tr '\n' ' ' <out)" "321 0 " "OOM score of exec"
# The whole of the user namespace: host ids outside, root inside.
expect_equal "$(stat -c %u "/proc/$pid/root/")" "$(stat -c %u b/rootfs)" "owner of the root"
expect_contains "/proc/$pid/uid_map" 100000
stop

# Scheduling, seen from outside.
running '.process.scheduler={"policy":"SCHED_BATCH","nice":5} | .process.ioPriority={"class":"IOPRIO_CLASS_BE","priority":6}'
expect_contains <(chrt -p "$pid") SCHED_BATCH
expect_equal "$(ionice -p "$pid")" "best-effort: prio 6" "I/O priority"
expect_equal "$(ps -o ni= -p "$pid" | tr -d ' ')" 5 "nice"
expect_status 0 krun exec "$tag" ionice
expect_contains out "prio 6"
stop
for policy in '{"policy":"SCHED_NOTHING"}' '{"policy":"SCHED_FIFO","priority":-1}'; do
  cp plain.json b/config.json
  edit ".process.scheduler=$policy"
  expect_status 1 krun run -b b "$tag"
  expect_contains err process.scheduler
done

# Processors: of exec, at first and in the end; of the container, by its cgroup.
last=$(($(nproc) - 1))
running '.process.execCPUAffinity={"initial":"0","final":$last}' --arg last "$last"
expect_status 0 krun exec "$tag" sh -c 'grep Cpus_allowed_list /proc/self/status'
expect_equal "$(cut -f2 out)" "$last" "processors of exec"
stop
cp plain.json b/config.json
arguments true
edit '.process.execCPUAffinity={"initial":"0-"}'
krun run -d -b b "$tag" >/dev/null 2>&1 </dev/null || true
expect_status 255 krun exec "$tag" true
stop

# A time namespace with offsets for both clocks, which exec sees as well.
running '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets={"boottime":{"secs":1000000000},"monotonic":{"secs":1000000000}}'
expect_status 0 krun exec "$tag" sh -c '[ $(cut -d. -f1 /proc/uptime) -gt 1000000000 ] && echo later'
expect_contains out later
stop
cp plain.json b/config.json
edit '.linux.timeOffsets={"boottime":{"secs":1}}'
expect_status 1 krun run -b b "$tag"
expect_contains err "needs a new time namespace"

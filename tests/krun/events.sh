#!/bin/bash
# events: statistics at an interval, out of memory, and the end with the container's.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
# Grows until it is killed; the file is waited for so that the first report is out before.
arguments sh -c 'while [ ! -e /data/go ]; do sleep 0.1; done; x=x; while :; do x=$x$x; done'
edit '.linux.resources.memory={"limit":50331648}'
krun run -d -b b "$tag" </dev/null >/dev/null 2>&1
krun events --interval 200ms "$tag" >events.log 2>&1 &
watcher=$!
in_time grep -q stats events.log || fail "no statistics: $(cat events.log)"
touch b/rootfs/data/go
wait $watcher || fail "events: $(cat events.log)"
expect_equal "$(jq -s 'map(select(.type == "oom").id)[0]' events.log)" "\"$tag\"" "out of memory"
[ "$(jq -s 'map(select(.type == "stats")) | .[0].data.memory.usage.limit' events.log)" = 50331648 ] ||
  fail "the limit is not in the statistics: $(head -1 events.log)"
expect_equal "$(krun state "$tag" | jq -r .status)" stopped status
expect_status 1 krun events --stats "$tag"
expect_contains err "container not running"
for interval in 0 x 5y -1s; do expect_status 1 krun events --interval=$interval "$tag"; done
krun delete "$tag"

# Nothing of the sort where a container ends by itself.
arguments sh -c 'while [ ! -e /data/stop ]; do sleep 0.1; done'
edit 'del(.linux.resources.memory)'
krun run -d -b b "$tag" </dev/null >/dev/null 2>&1
krun events --interval 200ms "$tag" >events.log 2>&1 &
watcher=$!
in_time grep -q stats events.log
touch b/rootfs/data/stop
wait $watcher
expect_equal "$(grep -c oom events.log || true)" 0 "reports of memory that ran out"

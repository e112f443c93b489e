#!/bin/bash
# create and start back to back, again and again: each container runs, and none waits for ever.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
edit '.root.readonly=false'
arguments sh -c 'echo x >>/data/ran'
count=${KRUN_PAIRS:-40}
for i in $(seq "$count"); do
  krun create -b b "$tag-r$i" </dev/null >/dev/null
  krun start "$tag-r$i"
  in_time sh -c "! kill -0 $(krun state "$tag-r$i" | jq .pid | grep -v '^0$' || echo 4194305) 2>/dev/null"
  krun delete "$tag-r$i"
done
expect_equal "$(wc -l <b/rootfs/data/ran)" "$count" "containers that ran"

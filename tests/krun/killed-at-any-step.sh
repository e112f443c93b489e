#!/bin/bash
# krun is killed at moments all over create: what it leaves can always be deleted, and nothing remains.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
arguments sleep 100
seen=""
for delay in 0.001 0.003 0.005 0.007 0.009 0.012 0.015 0.02 0.03 0.05; do
  id=k${delay#0.}
  "$KONTAIN_SDK/bin/krun" --root "$workdir/state" create -b b "$id" </dev/null >/dev/null 2>&1 &
  creator=$!
  sleep "$delay"
  kill -KILL $creator 2>/dev/null || true
  wait $creator 2>/dev/null || true
  seen+=" $(krun state "$id" 2>/dev/null | jq -r .status 2>/dev/null || echo none)"
  krun delete -f "$id"
  expect_status 1 krun state "$id"
  [ -z "$(find /sys/fs/cgroup -maxdepth 4 -name "$id")" ] || fail "a cgroup of $id is left"
  pgrep -f "create -b b $id" >/dev/null && fail "a process of $id is left"
done
echo "states:$seen"

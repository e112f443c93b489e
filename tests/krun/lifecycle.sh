#!/bin/bash
# create, start, exec, pause, kill and delete, and what each says of a container in the wrong state.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle

arguments sleep 100
krun create -b b --pid-file pid "$tag-c1" </dev/null >/dev/null 2>&1
krun state "$tag-c1" >state.json
expect_equal "$(jq -r .status state.json)" created status
expect_equal "$(jq -r .pid state.json)" "$(cat pid)" "pid file"
expect_status 1 krun create -b b "$tag-c1"
expect_contains err "container with given ID already exists"
expect_status 1 krun delete "$tag-c1"
krun start "$tag-c1"
expect_equal "$(krun state "$tag-c1" | jq -r .status)" running status
expect_status 1 krun start "$tag-c1"
expect_equal "$(krun list -q)" "$tag-c1" list
expect_equal "$(krun list --format json | jq -r '.[0].id')" "$tag-c1" "list as JSON"

expect_status 7 krun exec "$tag-c1" sh -c 'echo out; exit 7'
expect_contains out out
expect_status 0 krun exec "$tag-c1" ps -o pid,args
expect_contains out "sleep 100"
expect_status 0 krun exec -e A=b --cwd /tmp -u 1000:1000 "$tag-c1" sh -c 'echo $A $(pwd) $(id -u):$(id -g)'
expect_contains out "b /tmp 1000:1000"
expect_status 255 krun exec "$tag-c1" nothing
expect_contains err "executable file not found in \$PATH"
expect_status 255 krun exec "$tag-c1" /no/thing
expect_contains err "no such file or directory"
expect_status 255 krun exec "$tag-c1" /etc/passwd
expect_contains err "permission denied"
echo '{"cwd":"/data","args":["pwd"],"env":["PATH=/bin"],"user":{"uid":0,"gid":0}}' >process.json
expect_status 0 krun exec -p process.json "$tag-c1"
expect_contains out /data
krun exec -d --pid-file exec.pid "$tag-c1" sleep 50 </dev/null >/dev/null 2>&1
expect_equal "$(krun ps --format json "$tag-c1" | jq 'length')" 2 "processes"

krun pause "$tag-c1"
expect_equal "$(krun state "$tag-c1" | jq -r .status)" paused status
expect_status 255 krun exec "$tag-c1" true
krun resume "$tag-c1"
expect_equal "$(krun events --stats "$tag-c1" | jq -r .type)" stats events
expect_status 1 krun checkpoint --image-path image "$tag-c1"
expect_contains err "not supported yet"
[ -d image ] || fail "checkpoint did not make its folder"
expect_status 1 krun restore --image-path image --bundle b "$tag-c2"
expect_contains err "krun: restore: $tag-c2: not supported yet"

expect_status 1 krun kill "$tag-c1" NOTHING
krun kill "$tag-c1" KILL
in_time sh -c "! kill -0 $(cat pid) 2>/dev/null"
expect_equal "$(krun state "$tag-c1" | jq -r .status)" stopped status
expect_status 1 krun kill "$tag-c1" TERM
expect_contains err "container not running"
krun delete "$tag-c1"
expect_status 1 krun state "$tag-c1"
expect_contains err "container \"$tag-c1\" does not exist"
expect_status 0 krun delete -f "$tag-c1"

# start returns when the program is about to run, and the pipe that says so is not the program's.
arguments sleep 100
for i in 1 2 3 4 5; do
  krun create -b b --pid-file pid "$tag-s$i" </dev/null >/dev/null 2>&1
  krun start "$tag-s$i"
  expect_equal "$(cat "/proc/$(cat pid)/comm")" sleep "the process behind start"
  if ls -l "/proc/$(cat pid)/fd" | grep -q fifo; then fail "the pipe of start is open"; fi
  krun delete -f "$tag-s$i"
done

# It has set itself up by then: a signal right behind start finds its handler. One that computes is not waited for.
edit '.root.readonly=false'
arguments sh -c 'trap "echo got >>/data/signals; exit" TERM; sleep 60 & wait'
for i in 1 2 3 4 5; do
  krun create -b b --pid-file pid "$tag-t$i" </dev/null >/dev/null 2>&1
  krun start "$tag-t$i"
  krun kill "$tag-t$i" TERM
  in_time sh -c "! kill -0 $(cat pid) 2>/dev/null" || fail "the signal is lost"
  krun delete "$tag-t$i"
done
expect_equal "$(grep -c got b/rootfs/data/signals)" 5 "signals"
arguments sh -c 'while :; do :; done'
krun create -b b "$tag-t" </dev/null >/dev/null 2>&1
expect_status 0 krun start "$tag-t"
expect_equal "$(krun state "$tag-t" | jq -r .status)" running status
krun delete -f "$tag-t"

# What ends before it is an error of start's; a file that is no program ends as natively.
cp b/config.json plain.json
ends_before() {
  krun create -b b "$tag-e" </dev/null >/dev/null 2>said
  expect_status 1 krun start "$tag-e"
  expect_contains err "ended before its program could begin"
  expect_contains said "$1"
  expect_equal "$(krun state "$tag-e" | jq -r .status)" stopped status
  krun delete "$tag-e"
  expect_status 1 krun run -d -b b "$tag-e"
  expect_equal "$(krun list -q)" "" "left over"
}
edit '.hooks.startContainer=[{"path":"/bin/false"}]'
ends_before "startContainer hook: /bin/false: failed"
cp plain.json b/config.json
edit '.annotations={"app.kontain.trace-file":"/x"}'
ends_before "no annotation may set this"
cp plain.json b/config.json
echo nothing >b/rootfs/data/text
chmod 755 b/rootfs/data/text
arguments /data/text
krun create -b b "$tag-e" </dev/null >/dev/null 2>said
expect_status 0 krun start "$tag-e"
krun delete -f "$tag-e"
expect_status 126 krun run -b b "$tag-e"

arguments sh -c 'exit 42'
expect_status 42 krun run -b b "$tag-c2"
arguments nothing
expect_status 1 krun run -b b "$tag-c3"
expect_equal "$(krun list -q)" "" "left over"
for id in .. 'a/b' '' 'a b'; do expect_status 1 krun create -b b "$id"; done

# Nothing is left on the host.
[ -z "$(find /sys/fs/cgroup -maxdepth 3 -name "$tag-*")" ] || fail "a cgroup is left"

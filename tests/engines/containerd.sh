#!/bin/bash
# containerd by `ctr` with krun as its runtime, beside crun and runc.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in containerd ctr busybox runc crun; do command -v $program >/dev/null || skip "there is no $program"; done
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/containerd_node.sh"

image=localhost/bb:1
ctr() { timeout -k 2 60 /usr/bin/ctr "$@"; }
run() { ctr run --rm --runc-binary "$(runtime_path "$runtime")" "$@"; }
start() { ctr run -d --runc-binary "$(runtime_path "$runtime")" "$@"; }
tidy() {
  local id
  for id in $(ctr tasks ls -q); do ctr tasks kill -s KILL "$id"; ctr tasks rm -f "$id"; done
  for id in $(ctr containers ls -q); do ctr containers rm "$id"; done
}
task_is() { ctr tasks ls | grep -Eq "^$1 .*$2"; }
ex() { ctr tasks exec --exec-id "x$RANDOM" "$@"; }

limit() { start "${@:3}" $image c sleep 60; says "$1" cat "/sys/fs/cgroup/$2"; }
task_lives() { start $image c sleep 60; in_time task_is c RUNNING; }
exec_works() { start $image c sleep 60; says hello ex c echo hello; status 9 ex c sh -c 'exit 9'; says uid=1000 ex --user 1000 c id; says /tmp ex --cwd /tmp c pwd; }
exec_missing() { start $image c sleep 60; fails_saying 'not found' ex c nothing; }
exec_detached() { start $image c sleep 60; ex -d c touch /tmp/there; in_time ex c test -e /tmp/there; }
pause_works() { start $image c sleep 60; ctr tasks pause c; task_is c PAUSED; ctr tasks resume c; task_is c RUNNING; ex c true; }
kill_works() { start $image c sleep 60; ctr tasks kill -s KILL c; in_time task_is c STOPPED; }
kill_signal() {
  start $image c sh -c 'trap "exit 5" USR1; while :; do sleep 0.1; done'
  sleep 1
  ctr tasks kill -s USR1 c
  in_time task_is c STOPPED
  says 'exit code 5' ctr tasks rm c
}
kill_all() { start $image c sh -c 'sleep 61 & sleep 62'; ctr tasks kill -a -s KILL c; in_time task_is c STOPPED; }
metrics_work() { start $image c sh -c 'while :; do :; done'; sleep 1; ctr tasks metrics c >metrics; for name in memory.usage_in_bytes cpuacct.usage pids.current; do grep -E "^$name +[1-9]" metrics; done; }
ps_works() { start $image c sh -c 'sleep 61 & sleep 62; true'; in_time three_lines; }
three_lines() { [ "$(ctr tasks ps c | wc -l)" = 4 ]; }
attach_stdin() { [ "$(echo text | run $image c cat)" = text ]; }
mounts_work() { mkdir -p m; echo x >m/f; says x run --mount "type=bind,src=$PWD/m,dst=/m,options=rbind:ro" $image c cat /m/f; fails_saying Read-only run --mount "type=bind,src=$PWD/m,dst=/m,options=rbind:ro" $image c touch /m/g; }
config_works() { start --label a=b $image c sleep 60; ctr containers info c | grep -q '"a": "b"'; }
annotated() {
  [ "$runtime" = krun ] || return 0
  says exit_group run --annotation app.kontain.trace=%process $image c true
}
daemon_restart() {
  start $image c sleep 60
  restart_containerd
  task_is c RUNNING
  says alive ex c echo alive
}

all_checks() {
  check "echo" says hi run $image c echo hi
  check "status" status 42 run $image c sh -c 'exit 42'
  check "missing program" fails_saying 'not found' run $image c nothing
  check "not executable" fails_saying 'permission denied' run $image c /etc/passwd
  check "stdin" attach_stdin
  check "terminal" says crw on_tty ctr run --rm -t --runc-binary "$(runtime_path "$runtime")" $image c ls -l /dev/pts/0
  check "user namespace" says 100000 run --uidmap 0:100000:65536 --gidmap 0:100000:65536 --remap-labels $image c cat /proc/self/uid_map
  check "env" says A=b run --env A=b $image c env
  check "cwd" says /tmp run --cwd /tmp $image c pwd
  check "read-only" fails_saying Read-only run --read-only $image c touch /x
  check "host network" says 'lo:' run --net-host $image c ip link
  check "privileged" run --privileged $image c true
  check "mounts" mounts_work
  check "memory limit" limit 67108864 memory/default/c/memory.limit_in_bytes --memory-limit 67108864
  check "cpus" limit 50000 cpu/default/c/cpu.cfs_quota_us --cpus 0.5
  check "a cgroup of its own" says /mine run --cgroup /mine $image c cat /proc/self/cgroup
  check "seccomp" fails_saying 'not permitted' run --seccomp $image c unshare -U true
  check "capabilities dropped" fails_saying 'not permitted' run --cap-drop CAP_CHOWN $image c chown 1 /tmp
  check "no new privileges" says 1 run $image c grep NoNewPrivs /proc/self/status
  check "rootfs" says hi run --env PATH=/bin --rootfs "$PWD/rootfs" c echo hi
  check "pid file" run --pid-file "$PWD/pid" $image c true
  check "task" task_lives
  check "exec" exec_works
  check "exec of what is missing" exec_missing
  check "exec detached" exec_detached
  check "pause" pause_works
  check "kill" kill_works
  check "kill with a signal" kill_signal
  check "kill all" kill_all
  check "metrics" metrics_work
  check "ps" ps_works
  check "labels" config_works
  check "annotations" annotated
  check "outlives the daemon" daemon_restart
}

start_containerd
load_images
with_runtimes "${RUNTIMES:-runc crun krun}" all_checks

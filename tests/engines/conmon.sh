#!/bin/bash
# conmon with the arguments that CRI-O gives it (Debian has no CRI-O), with krun as the runtime, beside crun and runc.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in conmon busybox runc crun jq; do command -v $program >/dev/null || skip "there is no $program"; done
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"

words() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@"; }
path() { if [ "$runtime" = krun ]; then echo "$krun_path"; else command -v "$runtime"; fi; }
rt() { timeout -k 2 60 "$(path)" --root "$node/state-$runtime" "$@"; }
tidy() {
  rt delete -f c
  rm -rf bundle/pidfile run
}
crio() { timeout -k 2 60 python3 "$KONTAIN_SOURCE/tests/engines/crio_conmon.py" "$@"; }
# create FILTER ARGUMENTS...: config.json changed by jq; the container c is made.
create() {
  jq --argjson words "$(words "${@:2}")" \
    '.ociVersion="1.0.2" | .process.terminal=false | .process.args=$words | .root.readonly=false |
     .linux.cgroupsPath="/kubepods/c" |'"$1" spec.json >bundle/config.json
  mkdir -p run
  crio create "$(path)" "$node/state-$runtime" "$PWD/bundle" c "$PWD/run" ${options:-}
}
begin() { create . "$@" && rt start c; }
ended() { in_time test -s run/exits/c; cat run/exits/c; }
ex() { # SECONDS COMMAND...
  jq --argjson words "$(words "${@:2}")" '.process | .terminal=false | .args=$words' spec.json >process.json
  crio exec "$(path)" "$node/state-$runtime" c "$PWD/run" "$1" "$PWD/process.json"
}

created_first() { create . sh -c 'echo ran'; sleep 0.5; status 1 grep ran run/log; rt start c; [ "$(ended)" = 0 ]; grep -q 'stdout F ran' run/log; }
pid_file() { create . sleep 100; [ "$(cat bundle/pidfile)" = "$(rt state c | jq .pid)" ]; kill -0 "$(cat bundle/pidfile)"; }
exit_status() { begin sh -c 'exit 42'; [ "$(ended)" = 42 ]; }
exit_by_signal() { begin sleep 100; rt kill c KILL; [ "$(ended)" = 137 ]; }
streams() { begin sh -c 'echo out; echo err >&2; printf part'; [ "$(ended)" = 0 ]; grep -q 'stdout F out' run/log; grep -q 'stderr F err' run/log; grep -q 'stdout P part' run/log; }
create_fails() { fails_saying "$1" create . "$2"; }
bad_config() { fails_saying 'create failed' create '.mounts += [{"destination":"/x","type":"nosuchfs"}]' true; }
exec_sync() { begin sleep 100; status 9 ex 10 sh -c 'echo out; echo err >&2; exit 9' >o 2>e; [ "$(cat o)/$(cat e)" = out/err ]; }
exec_much() { begin sleep 100; [ "$(ex 20 seq 20000 | md5sum)" = "$(seq 20000 | md5sum)" ]; }
exec_timeout() { begin sleep 100; fails_saying 'timed out' ex 1 sleep 50; says ok ex 5 echo ok; }
exec_missing() { begin sleep 100; fails_saying '' ex 5 nothing; }
terminal() { options=--terminal create '.process.terminal=true' sh -c 'ls -l /dev/pts/0; stty size'; rt start c; [ "$(ended)" = 0 ]; grep -q crw run/log; }
attach_socket() { options=--terminal create '.process.terminal=true' sleep 100; in_time test -S bundle/attach; }
stop_gracefully() { begin sh -c 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1; done'; in_time grep -q ready run/log; rt kill c TERM; [ "$(ended)" = 6 ]; }
kill_all() { begin sh -c 'sleep 101 & sleep 102'; rt kill --all c KILL; [ "$(ended)" = 137 ]; }
state_json() { create . sleep 100; [ "$(rt state c | jq -r .status)" = created ]; rt start c; [ "$(rt state c | jq -r .status)" = running ]; rt kill c KILL; ended; in_time stopped; }
stopped() { [ "$(rt state c | jq -r .status)" = stopped ]; }
update() { begin sleep 100; echo '{"memory":{"limit":134217728}}' | rt update --resources - c; says 134217728 ex 5 cat /sys/fs/cgroup/memory/memory.limit_in_bytes; }
stats() { begin sleep 100; [ "$(rt events --stats c | jq .data.memory.usage.usage)" -gt 0 ]; }
deleted() { begin true; ended; rt delete c; status 1 rt state c; [ -z "$(find /sys/fs/cgroup -path '*kubepods/c')" ]; }
pause() { begin sleep 100; rt pause c; [ "$(rt state c | jq -r .status)" = paused ]; rt resume c; says ok ex 5 echo ok; }
annotated() { [ "$runtime" = krun ] || return 0; create '.annotations={"app.kontain.trace":"%process","io.kubernetes.cri-o.Name":"c"}' true; rt start c; ended; grep -q exit_group run/log; }

all_checks() {
  check "created, then started" created_first
  check "pid file" pid_file
  check "exit status" exit_status
  check "exit by a signal" exit_by_signal
  check "streams in the log" streams
  check "missing program" create_fails 'not found' nothing
  check "not executable" create_fails 'ermission denied' /etc/passwd
  check "a refused configuration" bad_config
  check "exec" exec_sync
  check "exec: much output" exec_much
  check "exec: out of time" exec_timeout
  check "exec: what is missing" exec_missing
  check "terminal" terminal
  check "attach socket" attach_socket
  check "stop" stop_gracefully
  check "kill --all" kill_all
  check "state" state_json
  check "pause" pause
  check "update" update
  check "stats" stats
  check "delete" deleted
  check "annotations" annotated
}

conmon --version | head -1
make_busybox_rootfs bundle/rootfs
(cd bundle && "$krun_path" spec)
# The host's cgroups read-only, as CRI-O has it.
jq '.mounts += [{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["nosuid","noexec","nodev","relatime","ro"]}]
  | .mounts |= unique_by(.destination) | .mounts |= sort_by(.destination | length)' bundle/config.json >spec.json
with_runtimes "${RUNTIMES:-runc crun krun}" all_checks

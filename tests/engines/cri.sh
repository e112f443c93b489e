#!/bin/bash
# containerd as Kubernetes asks it (CRI), with krun as the runtime of a pod, beside crun and runc.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in containerd ctr busybox runc crun; do command -v $program >/dev/null || skip "there is no $program"; done
/usr/bin/python3 -c 'import grpc, grpc_tools' 2>/dev/null || skip "there is no python3-grpc-tools"
# The interface's own description, from the source package of the containerd that is installed.
if [ -z "${CRI_PROTO:-}" ]; then
  version=$(dpkg-query -W -f '${source:Version}' containerd) || skip "containerd is not Debian's"
  sources=$(bash "$KONTAIN_SOURCE/tools/dev/fetch-source.sh" containerd "$version") || skip "no source package of containerd"
  CRI_PROTO=$(echo "$sources"/*.orig.tar.xz)
  export CRI_PROTO
fi
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/containerd_node.sh"

mkdir stubs logs
# gogoproto's options are for Go's generator.
tar -xOf "$CRI_PROTO" --wildcards '*/cri-api/pkg/apis/runtime/v1/api.proto' | sed '/gogo/d' >stubs/cri.proto
(cd stubs && /usr/bin/python3 -m grpc_tools.protoc -I. --python_out=. --grpc_python_out=. cri.proto)
export PYTHONPATH=$PWD/stubs CRI_STATE=$PWD PYTHONDONTWRITEBYTECODE=1
image=localhost/bb:1
cri() { timeout -k 2 60 /usr/bin/python3 "$KONTAIN_SOURCE/tests/engines/cri.py" "$@"; }
tidy() {
  local pod
  for pod in $(cri pods); do cri stopp "$pod"; cri rmp "$pod"; done
}
pod() { cri runp "p${1:-1}" "$runtime" "${2:-}"; }
run() { cri run "$@"; }

pod_ready() { local p; p=$(pod); says SANDBOX_READY cri getp "$p" state; cri stopp "$p"; says SANDBOX_NOTREADY cri getp "$p" state; cri rmp "$p"; [ -z "$(cri pods)" ]; }
handler() { local p; p=$(pod); says "$runtime" cri getp "$p" runtime_handler; }
container_runs() {
  local p c
  p=$(pod)
  c=$(run "$p" a $image '{}' sleep 1000)
  says CONTAINER_RUNNING cri get "$c" state
  says hello cri exec "$c" 10 echo hello
  cri stop "$c" 1
  says CONTAINER_EXITED cri get "$c" state
  says 137 cri get "$c" exit_code
  cri rm "$c"
  [ -z "$(cri ps)" ]
}
exit_code() { local p c; p=$(pod); c=$(run "$p" a $image '{}' sh -c 'exit 42'); in_time says CONTAINER_EXITED cri get "$c" state; says 42 cri get "$c" exit_code; }
exec_codes() {
  local p c
  p=$(pod)
  c=$(run "$p" a $image '{}' sleep 1000)
  status 9 cri exec "$c" 10 sh -c 'echo out; echo err >&2; exit 9' >o 2>e
  [ "$(cat o)/$(cat e)" = out/err ]
  fails_saying 'not found' cri exec "$c" 10 nothing
}
exec_timeout() { local p c; p=$(pod); c=$(run "$p" a $image '{}' sleep 1000); fails_saying 'DEADLINE' cri exec "$c" 1 sleep 20; says ok cri exec "$c" 5 echo ok; }
start_missing() { local p c; p=$(pod); c=$(cri create "$p" a $image '{}' nothing); fails_saying 'not found' cri start "$c"; }
stop_gracefully() {
  local p c
  p=$(pod)
  c=$(run "$p" a $image '{}' sh -c 'trap "exit 6" TERM; while :; do sleep 0.1; done')
  sleep 1
  cri stop "$c" 10
  says 6 cri get "$c" exit_code
}
stats_work() {
  local p c
  p=$(pod)
  c=$(run "$p" a $image '{}' sh -c 'while :; do :; done')
  sleep 1
  cri stats "$c" >stats
  [ "$(jq -r .stats.cpu.usageCoreNanoSeconds.value stats)" -gt 1000000 ]
  [ "$(jq -r .stats.memory.workingSetBytes.value stats)" -gt 100000 ]
}
logs_work() {
  local p c
  p=$(pod)
  c=$(run "$p" a $image '{}' sh -c 'echo one; echo two >&2')
  in_time says CONTAINER_EXITED cri get "$c" state
  grep -q 'stdout F one' "$(cri get "$c" log_path)"
  grep -q 'stderr F two' "$(cri get "$c" log_path)"
}
two_share() { # network and ipc of a pod, and pids where it asks for that
  local p a b
  p=$(pod 1 '{"linux":{"security_context":{"namespace_options":{"pid":"POD"}}}}')
  a=$(run "$p" a $image '{}' sh -c 'mkdir /www; echo served >/www/index.html; echo x >/dev/shm/mark; httpd -f -h /www')
  b=$(run "$p" b $image '{}' sleep 1001)
  in_time says served cri exec "$b" 5 wget -qO- http://127.0.0.1/
  cri exec "$b" 5 test -e /dev/shm/mark
  says httpd cri exec "$b" 5 ps
  says 'sleep 1001' cri exec "$a" 5 ps
}
pids_apart() {
  local p a b
  p=$(pod)
  a=$(run "$p" a $image '{}' sleep 1002)
  b=$(run "$p" b $image '{}' sleep 1003)
  cri exec "$b" 5 ps >processes
  grep 'sleep 1003' processes
  ! grep 'sleep 1002' processes
}
pods_talk() {
  local p q a b address
  p=$(pod 1)
  q=$(pod 2)
  a=$(run "$p" a $image '{}' sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www')
  b=$(run "$q" b $image '{}' sleep 1000)
  address=$(cri getp "$p" network.ip)
  in_time says served cri exec "$b" 5 wget -qO- "http://$address/"
}
host_port() {
  local p
  p=$(pod 1 '{"port_mappings":[{"container_port":80,"host_port":18090}]}')
  run "$p" a $image '{}' sh -c 'mkdir /www; echo mapped >/www/index.html; httpd -f -h /www'
  in_time says mapped curl -sf http://10.88.0.1:18090/
}
host_network() { local p c; p=$(pod 1 '{"hostname":"","linux":{"security_context":{"namespace_options":{"network":"NODE"}}}}'); c=$(run "$p" a $image '{}' sleep 1000); says cni0 cri exec "$c" 5 ip link; }
host_pids() { local p c; p=$(pod 1 '{"linux":{"security_context":{"namespace_options":{"pid":"NODE"}}}}'); c=$(run "$p" a $image '{}' sleep 1000); says containerd cri exec "$c" 5 ps; }
hostname_is() { local p c; p=$(pod 7); c=$(run "$p" a $image '{}' sleep 1000); says p7 cri exec "$c" 5 hostname; }
privileged() {
  local p c
  p=$(pod 1 '{"linux":{"security_context":{"privileged":true}}}')
  c=$(run "$p" a $image '{"linux":{"security_context":{"privileged":true}}}' sleep 1000)
  cri exec "$c" 5 ip link set lo down
}
with() { # JSON TEXT COMMAND...: a container so configured says it
  local p c text=$2
  p=$(pod)
  c=$(run "$p" a $image "$1" sleep 1000)
  says "$text" cri exec "$c" 5 "${@:3}"
}
with_failing() { local p c text=$2; p=$(pod); c=$(run "$p" a $image "$1" sleep 1000); fails_saying "$text" cri exec "$c" 5 "${@:3}"; }
mount_works() { mkdir -p shared; echo host >shared/f; with "{\"mounts\":[{\"host_path\":\"$PWD/shared\",\"container_path\":\"/s\"}]}" host cat /s/f; }
mount_readonly() { mkdir -p shared; with_failing "{\"mounts\":[{\"host_path\":\"$PWD/shared\",\"container_path\":\"/s\",\"readonly\":true}]}" Read-only touch /s/x; }
update_works() { local p c; p=$(pod); c=$(run "$p" a $image '{"linux":{"resources":{"memory_limit_in_bytes":67108864}}}' sleep 1000); cri update "$c" '{"memory_limit_in_bytes":134217728}'; says 134217728 cri exec "$c" 5 cat /sys/fs/cgroup/memory/memory.limit_in_bytes; }
oom_reason() {
  local p c
  p=$(pod)
  c=$(run "$p" a $image '{"linux":{"resources":{"memory_limit_in_bytes":67108864}}}' dd if=/dev/zero of=/dev/null bs=200M count=1)
  in_time says OOMKilled cri get "$c" reason
}
restarted_container() {
  local p c i
  p=$(pod)
  for i in 1 2 3; do
    c=$(run "$p" a $image "{\"metadata\":{\"attempt\":$i}}" sh -c "exit $i")
    in_time says CONTAINER_EXITED cri get "$c" state
    says "$i" cri get "$c" exit_code
    cri rm "$c"
  done
}
sandbox_dies() { local p; p=$(pod); run "$p" a $image '{}' sleep 1000; cri stopp "$p"; cri rmp "$p"; [ -z "$(cri ps)" ]; }
outlives_daemon() {
  local p c
  p=$(pod)
  c=$(run "$p" a $image '{}' sleep 1000)
  restart_containerd
  in_time says CONTAINER_RUNNING cri get "$c" state
  says alive cri exec "$c" 5 echo alive
}
annotations_reach() { # app.kontain.* of a pod reach its containers' km: a trace on its stderr, which is the log
  local p c
  [ "$runtime" = krun ] || return 0
  p=$(pod 1 '{"annotations":{"app.kontain.trace":"%process"}}')
  c=$(run "$p" a $image '{"annotations":{"app.kontain.trace":"%process"}}' true)
  in_time says CONTAINER_EXITED cri get "$c" state
  grep -q exit_group "$(cri get "$c" log_path)"
}
all_are_km() { # each process of the pod's containers and of its sandbox
  [ "$runtime" = krun ] || return 0
  local p c
  p=$(pod 1 '{"linux":{"security_context":{"namespace_options":{"pid":"POD"}}}}')
  c=$(run "$p" a $image '{}' sh -c 'sleep 1000 & sleep 1001')
  cri exec "$c" 5 true
  everything_is_km "$(cri getv "$c" | jq .pid)" 3
}

all_checks() {
  check "pod" pod_ready
  check "runtime handler" handler
  check "container" container_runs
  check "exit code" exit_code
  check "exec: codes and streams" exec_codes
  check "exec: out of time" exec_timeout
  check "start of what is missing" start_missing
  check "stop" stop_gracefully
  check "stats" stats_work
  check "logs" logs_work
  check "two containers share" two_share
  check "pids are apart" pids_apart
  check "pods talk" pods_talk
  check "ports" host_port
  check "the node's network" host_network
  check "the node's pids" host_pids
  check "hostname" hostname_is
  check "env" with '{"envs":[{"key":"A","value":"b"}]}' A=b env
  check "user" with '{"linux":{"security_context":{"run_as_user":{"value":1000}}}}' uid=1000 id
  check "groups" with '{"linux":{"security_context":{"supplemental_groups":[2000]}}}' 2000 id
  check "working folder" with '{"working_dir":"/tmp"}' /tmp pwd
  check "read-only root" with_failing '{"linux":{"security_context":{"readonly_rootfs":true}}}' Read-only touch /x
  check "privileged" privileged
  check "capabilities" with '{"linux":{"security_context":{"capabilities":{"drop_capabilities":["ALL"]}}}}' CapEff:.0000000000000000 sh -c 'grep CapEff /proc/self/status | tr "\t" .'
  check "no new privileges" with '{"linux":{"security_context":{"no_new_privs":true}}}' 1 grep NoNewPrivs /proc/self/status
  check "seccomp" with_failing '{"linux":{"security_context":{"seccomp":{"profile_type":"RuntimeDefault"}}}}' 'not permitted' unshare -U true
  check "memory limit" with '{"linux":{"resources":{"memory_limit_in_bytes":67108864}}}' 67108864 cat /sys/fs/cgroup/memory/memory.limit_in_bytes
  check "cpu limit" with '{"linux":{"resources":{"cpu_quota":50000,"cpu_period":100000}}}' 50000 cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us
  check "OOM score" with '{"linux":{"resources":{"oom_score_adj":300}}}' 300 cat /proc/self/oom_score_adj
  check "update" update_works
  check "out of memory" oom_reason
  check "mount" mount_works
  check "mount, read-only" mount_readonly
  check "masked paths" with '{"linux":{"security_context":{"masked_paths":["/proc/meminfo"]}}}' 0 sh -c 'wc -c </proc/meminfo'
  check "started again" restarted_container
  check "a pod goes with its containers" sandbox_dies
  check "outlives the daemon" outlives_daemon
  check "annotations" annotations_reach
  check "every process is a km" all_are_km
}

start_containerd
load_images
cri version | jq -r '"CRI " + .runtimeApiVersion + ", " + .runtimeName + " " + .runtimeVersion'
with_runtimes "${RUNTIMES:-runc crun krun}" all_checks

# Limits, accounting and privileges.
# shellcheck shell=bash disable=SC2016,SC2154

in_group() { says "$1" plain "${@:3}" bb cat "/sys/fs/cgroup/$2"; }
stats_work() {
  start s1 bb sh -c 'while :; do :; done'
  sleep 1
  docker stats --no-stream --format '{{.PIDs}} {{.CPUPerc}} {{.MemUsage}}' s1 >stats
  grep -E '^[12] [1-9]' stats # each km may have a thread that serves calls beside those of its program
  ! grep -q ' 0B /' stats
}
update_works() {
  start u1 bb sleep 60
  docker update --memory 128m --memory-swap 256m u1
  says 134217728 docker exec u1 cat /sys/fs/cgroup/memory/memory.limit_in_bytes
}
update_cpus() { start u1 bb sleep 60; docker update --cpus 0.25 u1; says 25000 docker exec u1 cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us; }
update_pids() { start u1 bb sleep 60; docker update --pids-limit 77 u1; says 77 docker exec u1 cat /sys/fs/cgroup/pids/pids.max; }
oom_kills() {
  status 137 docker run --name o1 --runtime="$runtime" --network none -m 64m --memory-swap 64m bb dd if=/dev/zero of=/dev/null bs=200M count=1
  says true inspect o1 '{{.State.OOMKilled}}'
}
oom_of_a_child() {
  says survived plain -m 64m --memory-swap 64m bb sh -c 'dd if=/dev/zero of=/dev/null bs=200M count=1; echo survived'
}
memory_is_counted() {
  start m1 -m 256m bb sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=20; echo ready; sleep 60'
  in_time says ready docker logs m1
  [ "$(docker exec m1 cat /sys/fs/cgroup/memory/memory.usage_in_bytes)" -gt 20000000 ]
}
cpu_is_limited() {
  plain --cpus 0.2 bb sh -c 't=$(cut -d. -f1 /proc/uptime); e=$((t+3)); while [ $(cut -d. -f1 /proc/uptime) -lt $e ]; do :; done; cat /sys/fs/cgroup/cpu/cpu.stat' >stat
  awk '$1 == "nr_throttled" { exit $2 < 5 }' stat
}
pids_are_limited() { fails_saying "can't fork" plain --pids-limit 8 bb sh -c 'for i in $(seq 20); do sleep 2 & done; wait'; }
seccomp_custom() {
  echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}' >sc.json
  fails_saying 'not permitted' plain --security-opt "seccomp=$PWD/sc.json" bb mkdir /tmp/x
}
privileged_sees_devices() { plain --privileged bb test -c /dev/fuse; }

checks_resources() {
  check "memory limit" in_group 67108864 memory/memory.limit_in_bytes -m 64m
  check "memory reservation" in_group 33554432 memory/memory.soft_limit_in_bytes --memory-reservation 32m
  check "memory and swap" in_group 134217728 memory/memory.memsw.limit_in_bytes -m 64m --memory-swap 128m
  check "swappiness" in_group 30 memory/memory.swappiness --memory-swappiness 30
  check "memory is counted" memory_is_counted
  check "out of memory" oom_kills
  check "out of memory: a child" oom_of_a_child
  check "no OOM killer" in_group 'oom_kill_disable 1' memory/memory.oom_control -m 64m --oom-kill-disable
  check "OOM score" says 500 plain --oom-score-adj 500 bb cat /proc/self/oom_score_adj
  check "cpu limit" in_group 50000 cpu/cpu.cfs_quota_us --cpus 0.5
  check "cpu limit holds" cpu_is_limited
  check "cpu shares" in_group 512 cpu/cpu.shares -c 512
  check "cpu period" in_group 20000 cpu/cpu.cfs_period_us --cpu-period 20000 --cpu-quota 10000
  check "cpuset" in_group 0 cpuset/cpuset.cpus --cpuset-cpus 0
  check "blkio weight or a warning" plain --blkio-weight 300 bb true
  check "pids limit" in_group 50 pids/pids.max --pids-limit 50
  check "pids limit holds" pids_are_limited
  check "parent group" plain --cgroup-parent /checks bb true
  check "stats" stats_work
  check "update: memory" update_works
  check "update: cpus" update_cpus
  check "update: pids" update_pids
  check "ulimit" says 512 plain --ulimit nofile=512:1024 bb sh -c 'ulimit -n'
  check "ulimit of cores" says 0 plain --ulimit core=0 bb sh -c 'ulimit -c'
  check "capabilities dropped" fails_saying 'not permitted' plain --cap-drop ALL bb chown 1 /tmp
  check "capabilities added" plain --cap-add NET_ADMIN bb ip link set lo down
  check "capabilities by default" fails_saying 'not permitted' plain bb ip link set lo down
  check "capabilities: the set" says CapEff:.00000000a80425fb plain bb sh -c 'grep CapEff /proc/self/status | tr "\t" .'
  check "capabilities of a user" says CapEff:.0000000000000000 plain -u user bb sh -c 'grep CapEff /proc/self/status | tr "\t" .'
  check "no-new-privileges" says 1 plain --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
  check "seccomp by default" fails_saying 'not permitted' plain bb unshare -U true
  check "seccomp of the user" seccomp_custom
  check "seccomp off" says Seccomp:.0 plain --security-opt seccomp=unconfined bb sh -c 'grep Seccomp: /proc/self/status | tr "\t" .'
  check "sysctl" says 1 plain --sysctl net.ipv4.ip_forward=1 bb cat /proc/sys/net/ipv4/ip_forward
  check "sysctl of ipc" says 1234 plain --sysctl kernel.msgmax=1234 bb cat /proc/sys/kernel/msgmax
  check "device" plain --device /dev/zero:/dev/nought bb dd if=/dev/nought of=/dev/null bs=1 count=1
  check "device, read-only" fails_saying 'not permitted' plain --device /dev/fuse:/dev/fuse:r bb sh -c 'exec 3<>/dev/fuse'
  check "device that was not given" fails_saying 'not permitted' plain bb sh -c 'mknod /tmp/d c 10 229 && exec 3<>/tmp/d'
  check "masked paths" plain bb sh -c '[ -z "$(cat /proc/timer_list)" ]'
  check "read-only paths" fails_saying 'Read-only' plain bb sh -c 'echo 1 >/proc/sys/kernel/panic'
  check "privileged" plain --privileged bb true
  check "privileged: devices" privileged_sees_devices
  check "privileged: /sys can be written" plain --privileged bb sh -c 'mount | grep " /sys " | grep -q "rw,"'
  check "pid: host" says dockerd plain --pid host bb ps
  check "uts: host" says node plain --uts host bb hostname
  check "ipc: host" plain --ipc host bb ls /dev/shm
}

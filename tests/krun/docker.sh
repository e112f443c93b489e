#!/bin/bash
# dockerd with krun as a runtime, beside runc: what passes with runc passes with krun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "dockerd needs root"
for program in dockerd docker busybox runc; do command -v $program >/dev/null || skip "there is no $program"; done
make_workdir
node=$workdir/node
mkdir -p "$node"
export DOCKER_HOST=unix://$node/docker.sock
docker() { timeout -k 2 60 /usr/bin/docker "$@"; }

stop_docker() {
  if [ -s "$node/docker.pid" ]; then
    docker ps -aq | xargs -r /usr/bin/docker rm -f >/dev/null 2>&1 || true
    kill "$(cat "$node/docker.pid")" 2>/dev/null || true
    for _ in $(seq 50); do [ -e "$node/docker.pid" ] && sleep 0.2; done
  fi
  mountpoint -q "$node/netns" && umount "$node/netns"
  grep -o " $workdir/[^ ]*" /proc/mounts | sort -r | xargs -r umount -l
  rm -rf "$workdir"
}
trap stop_docker EXIT

start_docker() {
  touch "$node/netns"
  unshare --net="$node/netns" ip link set lo up
  echo '{}' >"$node/daemon.json"
  setsid timeout 1500 nsenter --net="$node/netns" dockerd --host "unix://$node/docker.sock" --data-root "$node/data" \
    --exec-root "$node/exec" --pidfile "$node/docker.pid" --storage-driver overlay2 \
    --exec-opt native.cgroupdriver=cgroupfs --config-file "$node/daemon.json" --experimental \
    --add-runtime "krun=$KONTAIN_SDK/bin/krun" --add-runtime crun=/usr/bin/crun >"$node/log" 2>&1 </dev/null &
  for _ in $(seq 100); do docker version >/dev/null 2>&1 && return; sleep 0.2; done
  tail "$node/log"
  fail "dockerd does not start"
}

run() { docker run --rm --runtime="$runtime" "$@"; }
plain() { run --network none "$@"; }
background() { docker run -d --runtime="$runtime" --network none --name "$1" "${@:2}" >/dev/null; }
gone() { docker rm -f "$1" >/dev/null; }

stdin_is_read() { [ "$(echo text | docker run -i --rm --runtime="$runtime" --network none bb cat)" = text ]; }
streams_are_apart() { plain bb sh -c 'echo out; echo err >&2' >o 2>e && [ "$(cat o)/$(cat e)" = out/err ]; }
has_tty() { says 'crw' script -qec "/usr/bin/docker run --rm -it --runtime=$runtime --network none bb ls -l /dev/pts/0" /dev/null; }
tty_size() { says '33 77' script -qec "stty rows 33 cols 77; /usr/bin/docker run --rm -it --runtime=$runtime --network none bb sh -c 'sleep 1; stty size'" /dev/null; }
exec_works() { background e1 bb sleep 60 && says hello docker exec e1 echo hello; local s=$?; gone e1; return $s; }
exec_status() { background e2 bb sleep 60 && status 9 docker exec e2 sh -c 'exit 9'; local s=$?; gone e2; return $s; }
exec_missing() { background e3 bb sleep 60 && status 126 docker exec e3 /etc/passwd && status 126 docker exec e3 nothing; local s=$?; gone e3; return $s; }
exec_user() { background e4 bb sleep 60 && says 'uid=1000' docker exec -u user e4 id && says /tmp docker exec -w /tmp e4 pwd && says V=1 docker exec -e V=1 e4 env; local s=$?; gone e4; return $s; }
exec_tty() { background e5 bb sleep 60 && says /dev/pts script -qec "/usr/bin/docker exec -it e5 tty" /dev/null; local s=$?; gone e5; return $s; }
exec_detached() { background e6 bb sleep 60 && docker exec -d e6 touch /tmp/there && in_time docker exec e6 test -e /tmp/there; local s=$?; gone e6; return $s; }
exec_sees_pids() { background e7 bb sleep 61 && says 'sleep 61' docker exec e7 ps; local s=$?; gone e7; return $s; }
exec_privileged() { background e8 bb sleep 60 && says 'CapEff' docker exec --privileged e8 grep CapEff /proc/self/status; local s=$?; gone e8; return $s; }
top_shows() { background t1 bb sleep 62 && says 'sleep 62' docker top t1; local s=$?; gone t1; return $s; }
pause_works() { background p1 bb sh -c 'while :; do date +%s >/tmp/now; sleep 0.1; done' && sleep 1 && docker pause p1 >/dev/null && says paused docker inspect -f '{{.State.Status}}' p1 && docker unpause p1 >/dev/null && docker exec p1 true; local s=$?; gone p1; return $s; }
stats_work() { background s1 bb sleep 60 && says s1 docker stats --no-stream s1; local s=$?; gone s1; return $s; }
update_works() { background u1 bb sleep 60 && docker update --memory 128m --memory-swap 256m u1 >/dev/null && says 134217728 docker exec u1 sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true'; local s=$?; gone u1; return $s; }
cp_both_ways() { background c1 bb sleep 60 && echo data >f && docker cp f c1:/tmp/f && says data docker exec c1 cat /tmp/f && docker cp c1:/etc/passwd g && grep -q user g; local s=$?; gone c1; return $s; }
kill_works() { background k1 bb sleep 60 && docker kill k1 >/dev/null && says 137 docker inspect -f '{{.State.ExitCode}}' k1; local s=$?; gone k1; return $s; }
kill_signal() { background k2 bb sh -c 'trap "exit 5" USR1; while :; do sleep 0.1; done' && sleep 1 && docker kill -s USR1 k2 >/dev/null && says 5 docker wait k2; local s=$?; gone k2; return $s; }
stop_works() { background k3 bb sh -c 'trap "exit 6" TERM; while :; do sleep 0.1; done' && sleep 1 && docker stop k3 >/dev/null && says 6 docker wait k3; local s=$?; gone k3; return $s; }
stop_kills() { background k4 bb sleep 60 && docker stop -t 1 k4 >/dev/null && says 137 docker wait k4; local s=$?; gone k4; return $s; }
restart_works() { background r1 bb sleep 60 && docker restart -t 1 r1 >/dev/null && docker exec r1 true; local s=$?; gone r1; return $s; }
start_again() { background r2 bb sh -c 'echo once' && docker wait r2 >/dev/null && docker start r2 >/dev/null && docker wait r2 >/dev/null && [ "$(docker logs r2 | grep -c once)" = 2 ]; local s=$?; gone r2; return $s; }
restart_policy() { docker run -d --runtime="$runtime" --network none --restart on-failure:2 --name r3 bb false >/dev/null && in_time says 2 docker inspect -f '{{.RestartCount}}' r3; local s=$?; gone r3; return $s; }
logs_work() { background l1 bb sh -c 'echo one; echo two >&2' && docker wait l1 >/dev/null && says two docker logs l1; local s=$?; gone l1; return $s; }
attach_works() { background a1 bb sh -c 'sleep 2; echo late' && says late docker attach --no-stdin a1; local s=$?; gone a1; return $s; }
oom_kills() { status 137 docker run --name o1 --runtime="$runtime" --network none -m 64m --memory-swap 64m bb sh -c 'dd if=/dev/zero of=/dev/null bs=200M count=1' && says true docker inspect -f '{{.State.OOMKilled}}' o1; local s=$?; gone o1; return $s; }
volume_works() { docker volume create v1 >/dev/null && plain -v v1:/v bb sh -c 'echo kept >/v/f' && says kept plain -v v1:/v bb cat /v/f; local s=$?; docker volume rm -f v1 >/dev/null; return $s; }
bind_works() { mkdir -p bound && echo b >bound/f && says b plain -v "$PWD/bound:/b" bb cat /b/f && plain -v "$PWD/bound:/b" bb touch /b/g && test -e bound/g; }
bind_readonly() { mkdir -p bound && ! plain -v "$PWD/bound:/b:ro" bb touch /b/x; }
volumes_from() { background vf -v /shared bb sleep 60 && docker exec vf touch /shared/x && plain --volumes-from vf bb test -e /shared/x; local s=$?; docker rm -fv vf >/dev/null; return $s; }
published_port() { docker run -d --runtime="$runtime" -p 18080:80 --name w1 bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www -p 80' >/dev/null && in_time nsenter --net="$node/netns" curl -sf http://127.0.0.1:18080/ -o page && grep -q served page; local s=$?; gone w1; return $s; }
names_on_network() { docker network create n1 >/dev/null && docker run -d --runtime="$runtime" --network n1 --name srv bb sh -c 'mkdir /www; echo hi >/www/index.html; httpd -f -h /www' >/dev/null && in_time says hi docker run --rm --runtime="$runtime" --network n1 bb wget -qO- http://srv/; local s=$?; gone srv; docker network rm n1 >/dev/null; return $s; }
share_network() { docker run -d --runtime="$runtime" --name sn bb sleep 60 >/dev/null && [ "$(run --network container:sn bb hostname -i)" = "$(docker exec sn hostname -i)" ]; local s=$?; gone sn; return $s; }
share_pids() { background sp bb sleep 63 && says 'sleep 63' plain --pid container:sp bb ps; local s=$?; gone sp; return $s; }
share_ipc() { docker run -d --runtime="$runtime" --network none --ipc shareable --name si bb sh -c 'echo x >/dev/shm/mark; sleep 60' >/dev/null && sleep 1 && plain --ipc container:si bb test -e /dev/shm/mark; local s=$?; gone si; return $s; }
health_check() { docker run -d --runtime="$runtime" --network none --health-cmd true --health-interval 1s --name h1 bb sleep 60 >/dev/null && in_time says healthy docker inspect -f '{{.State.Health.Status}}' h1; local s=$?; gone h1; return $s; }
build_works() { mkdir -p ctx && printf 'FROM bb\nRUN echo built >/made\nUSER user\nRUN id -u >/tmp/uid\nCMD ["cat","/made"]\n' >ctx/Dockerfile && docker build -q -t made ctx >/dev/null && says built plain made; }
commit_works() { background cm bb touch /committed && docker wait cm >/dev/null && docker commit cm cmi >/dev/null && plain cmi test -e /committed; local s=$?; gone cm; return $s; }
twenty_in_a_row() { for _ in $(seq 20); do plain bb true || return 1; done; }
init_reaps() { says docker-init plain --init bb cat /proc/1/cmdline; }
seccomp_custom() { echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}' >sc.json && fails_saying 'not permitted' plain --security-opt "seccomp=$PWD/sc.json" bb mkdir /tmp/x; }

all_checks() {
  check "echo" says hi plain bb echo hi
  check "status of the program" status 42 plain bb sh -c 'exit 42'
  check "status 127 for what is missing" status 127 plain bb nothing
  check "status 127 for a missing path" status 127 plain bb /no/thing
  check "status 126 for what cannot run" status 126 plain bb /etc/passwd
  check "status 126 for a folder" status 126 plain bb /etc
  check "status 125 for a bad option" status 125 plain --memory 1 bb true
  check "status of a killed program" status 137 plain bb sh -c 'sh -c "kill -9 \$\$"; exit $?'
  check "status of a segfault" status 139 plain bb sh -c 'sh -c "kill -SEGV \$\$"; exit $?'
  check "stdin" stdin_is_read
  check "stdout and stderr" streams_are_apart
  check "terminal" has_tty
  check "terminal size" tty_size
  check "user by name" says 'uid=1000(user) gid=1000(user)' plain -u user bb id
  check "user by number" says 'uid=4321 gid=0' plain -u 4321 bb id
  check "group-add" says 2000 plain -u user --group-add 2000 bb id
  check "workdir" says /var/new plain -w /var/new bb pwd
  check "env" says A=b plain -e A=b bb env
  check "HOME" says HOME=/home/user plain -u user bb env
  check "hostname" says box plain --hostname box bb hostname
  check "pid 1" says 1 plain bb sh -c 'echo $$'
  check "entrypoint" says x plain --entrypoint /bin/echo bb x
  check "read-only" fails_saying 'Read-only' plain --read-only bb touch /x
  check "read-only with tmpfs" plain --read-only --tmpfs /t bb touch /t/x
  check "tmpfs options" says size=4096k plain --tmpfs /t:size=4m bb mount
  check "shm size" says size=8192k plain --shm-size 8m bb mount
  check "volume" volume_works
  check "bind mount" bind_works
  check "bind mount, read-only" bind_readonly
  check "volumes-from" volumes_from
  check "exec" exec_works
  check "exec status" exec_status
  check "exec of what is missing" exec_missing
  check "exec user, workdir, env" exec_user
  check "exec terminal" exec_tty
  check "exec detached" exec_detached
  check "exec sees the container" exec_sees_pids
  check "exec privileged" exec_privileged
  check "top" top_shows
  check "pause" pause_works
  check "stats" stats_work
  check "update" update_works
  check "cp" cp_both_ways
  check "kill" kill_works
  check "kill with a signal" kill_signal
  check "stop" stop_works
  check "stop kills" stop_kills
  check "restart" restart_works
  check "start again" start_again
  check "restart policy" restart_policy
  check "logs" logs_work
  check "attach" attach_works
  check "memory limit" says 67108864 plain -m 64m bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes
  check "out of memory" oom_kills
  check "cpu limit" says 50000 plain --cpus 0.5 bb cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us
  check "cpu shares" says 512 plain -c 512 bb cat /sys/fs/cgroup/cpu/cpu.shares
  check "cpuset" says 0 plain --cpuset-cpus 0 bb cat /sys/fs/cgroup/cpuset/cpuset.cpus
  check "pids limit" says 50 plain --pids-limit 50 bb cat /sys/fs/cgroup/pids/pids.max
  check "ulimit" says 512 plain --ulimit nofile=512:1024 bb sh -c 'ulimit -n'
  check "capabilities dropped" fails_saying 'not permitted' plain --cap-drop ALL bb chown 1 /tmp
  check "capabilities added" plain --cap-add NET_ADMIN bb ip link set lo down
  check "capabilities by default" fails_saying 'not permitted' plain bb ip link set lo down
  check "no-new-privileges" says 1 plain --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
  check "seccomp by default" fails_saying 'not permitted' plain --cap-add SYS_ADMIN --security-opt apparmor=unconfined bb unshare -U true
  check "seccomp of the user" seccomp_custom
  check "sysctl" says 1 plain --sysctl net.ipv4.ip_forward=1 bb cat /proc/sys/net/ipv4/ip_forward
  check "device" plain --device /dev/zero:/dev/nought bb test -c /dev/nought
  check "masked paths" plain bb sh -c '[ -z "$(cat /proc/timer_list)" ]'
  check "read-only paths" fails_saying 'Read-only' plain bb sh -c 'echo 1 >/proc/sys/kernel/panic'
  check "oom score" says 500 plain --oom-score-adj 500 bb cat /proc/self/oom_score_adj
  check "init" init_reaps
  check "network: bridge" says eth0 run bb ip addr
  check "network: host" says docker0 run --network host bb ip link
  check "network: none" says 'lo:' plain bb ip link
  check "network: published port" published_port
  check "network: names" names_on_network
  check "network: container's" share_network
  check "pid: container's" share_pids
  check "pid: host" says dockerd plain --pid host bb ps
  check "ipc: container's" share_ipc
  check "uts: host" plain --uts host bb true
  check "health check" health_check
  check "commit" commit_works
  check "twenty in a row" twenty_in_a_row
  check "extra hosts" says 10.9.8.7 run --add-host there:10.9.8.7 bb cat /etc/hosts
  check "dns" says 9.9.9.9 run --dns 9.9.9.9 bb cat /etc/resolv.conf
  check "privileged" plain --privileged bb true
}

start_docker
docker version -f 'docker {{.Server.Version}}'
make_busybox_rootfs rootfs
tar -C rootfs -c . | docker import - bb >/dev/null
for runtime in ${1:-runc krun}; do
  rm -f results
  echo "== $runtime"
  all_checks
  echo "$runtime: $(grep -c '^ok ' results) of $(wc -l <results)"
  mv results "results.$runtime"
done
[ -f results.krun ] && [ -f results.runc ] || exit 0
[ "$(wc -l <results.krun)" -ge 60 ] || fail "too few checks"
compare_results results.runc results.krun

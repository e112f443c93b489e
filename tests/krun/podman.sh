#!/bin/bash
# podman with krun as its runtime, beside crun: what passes with crun passes with krun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "podman is tried as root"
for program in podman conmon busybox crun; do command -v $program >/dev/null || skip "there is no $program"; done
# One private mount and network namespace for all of it. v2's hierarchy without controllers makes crun refuse.
if [ "${KRUN_PODMAN_INSIDE:-}" != 1 ]; then
  exec env KRUN_PODMAN_INSIDE=1 unshare --mount --net --propagation private bash "$0" "$@"
fi
ip link set lo up
umount /sys/fs/cgroup/unified 2>/dev/null || true
workdir=$(mktemp -d)
cd "$workdir"
mkdir -p state root
cat >containers.conf <<'C'
[containers]
default_ulimits=["nofile=1024:20000","nproc=32768:32768"]
log_driver="k8s-file"
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
C
export CONTAINERS_CONF=$workdir/containers.conf
mkdir policy
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy/policy.json
runtime=crun
podman() {
  local path=$runtime
  [ "$runtime" = krun ] && path=$KONTAIN_SDK/bin/krun
  timeout -k 2 60 /usr/bin/podman --runtime "$(command -v "$path")" --root "$workdir/root" --runroot "$workdir/state" \
    --storage-driver vfs "$@"
}
cleanup() {
  podman rm -af -t 0 >/dev/null 2>&1 || true
  podman pod rm -af >/dev/null 2>&1 || true
  grep -o " $workdir/[^ ]*" /proc/mounts | sort -r | xargs -r umount -l
  cd /
  rm -rf "$workdir"
}
trap cleanup EXIT

run() { podman run --rm --network none "$@"; }
background() { podman run -d --network none --name "$1" "${@:2}" >/dev/null; }
gone() { podman rm -f -t 0 "$1" >/dev/null; }
exec_works() { background e1 bb sleep 60 && says hello podman exec e1 echo hello && status 9 podman exec e1 sh -c 'exit 9'; local s=$?; gone e1; return $s; }
exec_missing() { background e2 bb sleep 60 && status 127 podman exec e2 nothing && status 126 podman exec e2 /etc/passwd; local s=$?; gone e2; return $s; }
exec_user() { background e3 bb sleep 60 && says uid=1000 podman exec -u user e3 id && says /tmp podman exec -w /tmp e3 pwd; local s=$?; gone e3; return $s; }
exec_tty() { background e4 bb sleep 60 && says /dev/pts script -qec "$(declare -f podman); podman exec -it e4 tty" /dev/null; local s=$?; gone e4; return $s; }
pause_works() { background p1 bb sleep 60 && podman pause p1 >/dev/null && says paused podman inspect -f '{{.State.Status}}' p1 && podman unpause p1 >/dev/null && podman exec p1 true; local s=$?; gone p1; return $s; }
kill_works() { background k1 bb sh -c 'trap "exit 5" USR1; while :; do sleep 0.1; done' && sleep 1 && podman kill -s USR1 k1 >/dev/null && says 5 podman wait k1; local s=$?; gone k1; return $s; }
stop_works() { background k2 bb sh -c 'trap "exit 6" TERM; while :; do sleep 0.1; done' && sleep 1 && podman stop k2 >/dev/null && says 6 podman wait k2; local s=$?; gone k2; return $s; }
restart_works() { background r1 bb sleep 60 && podman restart -t 0 r1 >/dev/null && podman exec r1 true; local s=$?; gone r1; return $s; }
logs_work() { background l1 bb sh -c 'echo one; echo two >&2' && podman wait l1 >/dev/null && says two podman logs l1; local s=$?; gone l1; return $s; }
top_works() { background t1 bb sleep 62 && says 'sleep 62' podman top t1 -ef; local s=$?; gone t1; return $s; }
stats_work() { background s1 bb sleep 60 && says s1 podman stats --no-stream s1; local s=$?; gone s1; return $s; }
cp_works() { background c1 bb sleep 60 && echo data >f && podman cp f c1:/tmp/f && says data podman exec c1 cat /tmp/f; local s=$?; gone c1; return $s; }
volume_works() { podman volume create v1 >/dev/null && run -v v1:/v bb sh -c 'echo kept >/v/f' && says kept run -v v1:/v bb cat /v/f; local s=$?; podman volume rm -f v1 >/dev/null; return $s; }
pod_works() { podman pod create --network none --name d1 --infra-image bb --infra-command '/bin/sleep 1000' >/dev/null && podman run -d --pod d1 bb sleep 63 >/dev/null && says 127.0.0.1 podman run --rm --pod d1 bb ip addr; local s=$?; podman pod rm -f d1 >/dev/null; return $s; }
health_works() { podman run -d --network none --health-cmd true --health-interval disable --name h1 bb sleep 60 >/dev/null && podman healthcheck run h1; local s=$?; gone h1; return $s; }
commit_works() { background m1 bb touch /made && podman wait m1 >/dev/null && podman commit -q m1 made >/dev/null && run made test -e /made; local s=$?; gone m1; return $s; }
bridge_works() { says eth0 podman run --rm bb ip addr; }

all_checks() {
  check "echo" says hi run bb echo hi
  check "status" status 42 run bb sh -c 'exit 42'
  check "missing program" status 127 run bb nothing
  check "not executable" status 126 run bb /etc/passwd
  check "user" says uid=1000 run -u user bb id
  check "workdir" says /var/new run -w /var/new bb pwd
  check "env" says A=b run -e A=b bb env
  check "hostname" says box run --hostname box bb hostname
  check "read-only" fails_saying 'Read-only' run --read-only bb touch /x
  check "tmpfs" run --tmpfs /t bb touch /t/x
  check "volume" volume_works
  check "capabilities" fails_saying 'not permitted' run --cap-drop ALL bb chown 1 /tmp
  check "seccomp" fails_saying 'not permitted' run bb unshare -U true
  check "sysctl" says 1 run --sysctl net.ipv4.ip_forward=1 bb cat /proc/sys/net/ipv4/ip_forward
  check "memory" says 67108864 run -m 64m bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes
  check "pids" says 50 run --pids-limit 50 bb cat /sys/fs/cgroup/pids/pids.max
  check "init" says catatonit run --init bb cat /proc/1/cmdline
  check "user namespace" says 100000 run --uidmap 0:100000:65536 --gidmap 0:100000:65536 bb cat /proc/self/uid_map
  check "exec" exec_works
  check "exec of what is missing" exec_missing
  check "exec user" exec_user
  check "pause" pause_works
  check "kill" kill_works
  check "stop" stop_works
  check "restart" restart_works
  check "logs" logs_work
  check "top" top_works
  check "stats" stats_work
  check "cp" cp_works
  check "pod" pod_works
  check "health check" health_works
  check "commit" commit_works
  check "bridge" bridge_works
  check "privileged" run --privileged bb true
}

podman --version
make_busybox_rootfs rootfs
tar -C rootfs -c . | podman import -q - bb >/dev/null
for runtime in ${1:-crun krun}; do
  rm -f results
  echo "== $runtime"
  all_checks
  echo "$runtime: $(grep -c '^ok ' results) of $(wc -l <results)"
  mv results "results.$runtime"
done
[ -f results.krun ] && [ -f results.crun ] || exit 0
compare_results results.crun results.krun

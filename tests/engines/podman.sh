#!/bin/bash
# podman as root with krun as its runtime, beside crun.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in podman conmon busybox crun netavark catatonit; do command -v $program >/dev/null || [ -x /usr/lib/podman/$program ] || skip "there is no $program"; done
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/podman_node.sh"

volume_works() { podman volume create v1; run -v v1:/v bb sh -c 'echo kept >/v/f'; says kept run -v v1:/v bb cat /v/f; }
bind_works() { mkdir -p bound; echo b >bound/f; says b run -v "$PWD/bound:/b" bb cat /b/f; fails_saying Read-only run -v "$PWD/bound:/b:ro" bb touch /b/x; }
exec_works() { start e bb sleep 60; says hello podman exec e echo hello; status 9 podman exec e sh -c 'exit 9'; }
exec_missing() { start e bb sleep 60; status 127 podman exec e nothing; status 126 podman exec e /etc/passwd; }
exec_user() { start e bb sleep 60; says uid=1000 podman exec -u user e id; says /tmp podman exec -w /tmp e pwd; says A=b podman exec -e A=b e env; }
exec_tty() { start e bb sleep 60; says /dev/pts on_tty podman --runtime "$runtime" exec -it e tty; }
exec_stdin() { start e bb sleep 60; [ "$(echo piped | podman exec -i e cat)" = piped ]; }
exec_detached() { start e bb sleep 60; podman exec -d e touch /tmp/there; in_time podman exec e test -e /tmp/there; }
exec_privileged() { start e bb sleep 60; [ "$(podman exec --privileged e grep CapEff /proc/self/status)" != "$(podman exec e grep CapEff /proc/self/status)" ]; }
pause_works() { start p bb sleep 60; podman pause p; says paused inspect p '{{.State.Status}}'; podman unpause p; podman exec p true; }
ready() { start "$1" bb sh -c "trap 'exit $3' $2; echo ready; while :; do sleep 0.1; done"; in_time says ready podman logs "$1"; }
kill_works() { ready k USR1 5; podman kill -s USR1 k; says 5 podman wait k; }
stop_works() { ready k TERM 6; podman stop k; says 6 podman wait k; }
stop_kills() { start k bb sleep 60; podman stop -t 1 k; says 137 podman wait k; }
restart_works() { start r bb sleep 60; podman restart -t 0 r; podman exec r true; }
start_again() { start r bb sh -c 'echo once'; podman wait r; podman start r; podman wait r; [ "$(podman logs r | grep -c once)" = 2 ]; }
create_start() { podman create --network none --name c bb sh -c 'echo made; exit 3'; status 3 podman start -a c; }
init_of_created() { podman create --network none --name c bb sleep 60; podman init c; says created inspect c '{{.State.Status}}' || says initialized inspect c '{{.State.Status}}'; podman start c; podman exec c true; }
logs_work() { start l bb sh -c 'echo one; echo two >&2'; podman wait l; says two podman logs l; }
attach_works() { start a bb sh -c 'sleep 2; echo late'; says late podman attach --no-stdin a; }
top_works() { start t bb sleep 62; says 'sleep 62' podman top t -ef; }
top_host() { start t bb sleep 62; says sleep podman top t pid comm; }
stats_work() { start s bb sh -c 'while :; do :; done'; sleep 1; says s podman stats --no-stream s; }
update_limit() { start u -m 64m bb sleep 60; says 67108864 podman exec u cat /sys/fs/cgroup/memory/memory.limit_in_bytes; }
cp_works() { start c bb sleep 60; echo data >f; podman cp f c:/tmp/f; says data podman exec c cat /tmp/f; podman cp c:/etc/passwd g; grep user g; }
mount_works() { start c bb touch /there; podman wait c; test -e "$(podman mount c)/there"; podman umount c; }
health() { start h --health-cmd true --health-interval disable bb sleep 60; podman healthcheck run h; }
unhealthy() { start h --health-cmd 'exit 1' --health-interval disable bb sleep 60; status 1 podman healthcheck run h; }
commit_works() { start m bb touch /made; podman wait m; podman commit -q m made; run made test -e /made; }
oom_kills() { status 137 podman run --name o --network none -m 64m --memory-swap 64m bb dd if=/dev/zero of=/dev/null bs=200M count=1; }
build_works() {
  mkdir -p ctx
  printf 'FROM localhost/bb\nRUN echo built >/made; uname -r >/kernel\nUSER user\nRUN id -u >/tmp/uid\nCMD ["cat","/made","/tmp/uid"]\n' >ctx/Dockerfile
  podman build -q --no-cache --network none -t built ctx
  [ "$(run built | xargs)" = "built 1000" ]
}
build_in_vm() { run built grep -q kontain /kernel || [ "$runtime" != krun ]; }
seccomp_custom() {
  echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}' >sc.json
  fails_saying 'not permitted' run --security-opt "seccomp=$PWD/sc.json" bb mkdir /tmp/x
}
userns() { says 100000 run --uidmap 0:100000:65536 --gidmap 0:100000:65536 bb cat /proc/self/uid_map; }
userns_exec() { start u --uidmap 0:100000:65536 --gidmap 0:100000:65536 bb sleep 60; says 'uid=0' podman exec u id; [ "$(awk '/^Uid/{print $2}' "/proc/$(inspect u '{{.State.Pid}}')/status")" = 100000 ]; }
pod_shares() {
  podman pod create --name d1
  podman run -d --pod d1 bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www'
  in_time says served podman run --rm --pod d1 bb wget -qO- http://127.0.0.1/
  podman pod ps --format '{{.NumberOfContainers}}' | grep -x 2
}
pod_port() {
  podman pod create --name d1 -p 18070:80
  podman run -d --pod d1 bb sh -c 'mkdir /www; echo mapped >/www/index.html; httpd -f -h /www'
  in_time says mapped curl -sf http://127.0.0.1:18070/
}
pod_stop() { podman pod create --name d1; podman run -d --pod d1 --name in1 bb sleep 60; podman pod stop -t 1 d1; says Exited podman pod inspect -f '{{.State}}' d1; podman pod start d1; podman exec in1 true; podman pod pause d1; podman pod unpause d1; podman exec in1 true; }
pod_stats() { podman pod create --name d1; podman run -d --pod d1 bb sleep 60; says d1 podman pod ps; podman pod top d1 | grep -q sleep; }
play_kube() {
  cat >pod.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: kube}
spec:
  containers:
  - {name: a, image: localhost/bb, command: [sh, -c, "mkdir /www; echo kubed >/www/index.html; httpd -f -h /www"]}
  - {name: b, image: localhost/bb, command: [sleep, "1000"]}
Y
  podman play kube pod.yaml
  in_time says kubed podman exec kube-b wget -qO- http://127.0.0.1/
}
bridge_works() { says eth0 podman run --rm bb ip addr; }
published() { podman run -d -p 18071:80 --name w bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www'; in_time says served curl -sf http://127.0.0.1:18071/; }
names() { podman network create n1; podman run -d --network n1 --name srv bb sh -c 'mkdir /www; echo hi >/www/index.html; httpd -f -h /www'; in_time says hi podman run --rm --network n1 bb wget -qO- http://srv/; }
share_network() { podman run -d --name sn bb sleep 60; [ "$(podman run --rm --network container:sn bb ip -4 addr show eth0)" = "$(podman exec sn ip -4 addr show eth0)" ]; }
share_pids() { start sp bb sleep 63; says 'sleep 63' run --pid container:sp bb ps; }
secret() { echo hidden | podman secret create s1 - ; says hidden run --secret s1 bb cat /run/secrets/s1; podman secret rm s1; }
annotation() { [ "$runtime" = krun ] || return 0; says exit_group run --annotation app.kontain.trace=%process bb true; }
all_are_km() {
  [ "$runtime" = krun ] || return 0
  start c --init bb sh -c 'sleep 100 & sleep 101; true'
  podman exec -d c sleep 102
  in_time podman exec c sh -c 'ps | grep -q "sleep 102"'
  everything_is_km "$(inspect c '{{.State.Pid}}')" 5
}

all_checks() {
  check "echo" says hi run bb echo hi
  check "status" status 42 run bb sh -c 'exit 42'
  check "missing program" status 127 run bb nothing
  check "not executable" status 126 run bb /etc/passwd
  check "killed" status 137 run bb sh -c 'sh -c "kill -9 \$\$"; exit $?'
  check "stdin" [ "$(echo text | podman run -i --rm --network none bb cat)" = text ]
  check "terminal" says crw on_tty podman --runtime "$runtime" run --rm -it --network none bb ls -l /dev/pts/0
  check "terminal size" says '33 77' on_tty podman --runtime "$runtime" run --rm -it --network none bb sh -c 'sleep 1; stty size'
  check "user" says uid=1000 run -u user bb id
  check "workdir" says /data run -w /data bb pwd
  check "env" says A=b run -e A=b bb env
  check "hostname" says box run --hostname box bb hostname
  check "read-only" fails_saying 'Read-only' run --read-only bb touch /x
  check "tmpfs" run --tmpfs /t bb touch /t/x
  check "volume" volume_works
  check "bind mount" bind_works
  check "secret" secret
  check "capabilities" fails_saying 'not permitted' run --cap-drop ALL bb chown 1 /tmp
  check "seccomp" seccomp_custom
  check "no new privileges" says 1 run --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
  check "masked paths" run bb sh -c '[ -z "$(cat /proc/timer_list)" ]'
  check "sysctl" says 1 run --sysctl net.ipv4.ip_forward=1 bb cat /proc/sys/net/ipv4/ip_forward
  check "ulimit" says 512 run --ulimit nofile=512:1024 --ulimit nproc=100:200 bb sh -c 'ulimit -n'
  check "memory" says 67108864 run -m 64m bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes
  check "out of memory" oom_kills
  check "cpus" says 50000 run --cpus 0.5 bb cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us
  check "pids" says 50 run --pids-limit 50 bb cat /sys/fs/cgroup/pids/pids.max
  check "no cgroups" run --cgroups disabled bb true
  check "device" run --device /dev/fuse bb test -c /dev/fuse
  check "umask" says 0077 run --umask 0077 bb sh -c umask
  check "timezone" run --tz local bb date
  check "init" says podman-init run --init bb cat /proc/1/cmdline
  check "user namespace" userns
  check "user namespace: exec" userns_exec
  check "exec" exec_works
  check "exec: what is missing" exec_missing
  check "exec: user" exec_user
  check "exec: terminal" exec_tty
  check "exec: stdin" exec_stdin
  check "exec: detached" exec_detached
  check "exec: privileged" exec_privileged
  check "pause" pause_works
  check "kill" kill_works
  check "stop" stop_works
  check "stop: kills" stop_kills
  check "restart" restart_works
  check "start again" start_again
  check "create, start" create_start
  check "init, start" init_of_created
  check "logs" logs_work
  check "attach" attach_works
  check "top" top_works
  check "top: by descriptors" top_host
  check "stats" stats_work
  check "limits of a running one" update_limit
  check "cp" cp_works
  check "mount" mount_works
  check "health check" health
  check "unhealthy" unhealthy
  check "commit" commit_works
  check "build" build_works
  check "build: where RUN was" build_in_vm
  check "pod" pod_shares
  check "pod: port" pod_port
  check "pod: stop, start, pause" pod_stop
  check "pod: ps, top" pod_stats
  check "play kube" play_kube
  check "bridge" bridge_works
  check "published port" published
  check "names" names
  check "network of a container" share_network
  check "pids of a container" share_pids
  check "pids of the host" says conmon run --pid host bb ps
  check "network of the host" says 'lo:' podman run --rm --network host bb ip link
  check "privileged" run --privileged bb true
  check "annotations" annotation
  check "every process is a km" all_are_km
}

podman_settings
/usr/bin/podman --version
conmon --version | head -1
crun --version | head -1
make_busybox_rootfs rootfs
runtime=crun
tar -C rootfs -c . | podman import -q - bb >/dev/null
with_runtimes "${RUNTIMES:-crun krun}" all_checks

#!/bin/bash
# What depends on dockerd's settings: krun as the default runtime (docker build uses that one), user namespaces for all
# containers, containers that outlive the daemon. Beside runc.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in dockerd docker busybox runc jq; do command -v $program >/dev/null || skip "there is no $program"; done
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/dockerd.sh"

# restart_dockerd JQ-FILTER [ARGUMENTS]
restart_dockerd() {
  stop_dockerd
  jq "$@" /etc/docker/daemon.json >daemon.json
  cp daemon.json /etc/docker/daemon.json
  launch_dockerd
}
load_image() { docker image inspect bb >/dev/null 2>&1 || tar -C rootfs -c . | docker import - bb >/dev/null; }

build() { # TAG; the Dockerfile on stdin. Without the cache, which has the steps of the runtime before.
  rm -rf context
  mkdir context
  cat >context/Dockerfile
  echo copied >context/file
  DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$1" context
}
is_default() { says "$runtime" docker info -f '{{.DefaultRuntime}}'; }
build_run() {
  build made <<'D'
FROM bb
RUN echo built >/made && uname -r >/kernel
CMD ["cat", "/made"]
D
  says built docker run --rm --network none made
}
build_in_vm() { docker run --rm --network none --entrypoint cat made /kernel | grep -q '\.kontain$' || [ "$runtime" != krun ]; }
build_everything() {
  build all <<'D'
FROM bb AS first
ARG WHAT=argument
RUN ["sh", "-c", "echo exec form >/form"]
RUN echo $WHAT >/argument; mkdir /made; chown 1000:1000 /made
FROM bb
COPY --from=first /form /argument /
COPY file /copied
ADD file /added/
ENV NAME=value
WORKDIR /work/here
USER user
RUN id -u >/tmp/uid; pwd >/tmp/pwd; echo $NAME >/tmp/env
ENTRYPOINT ["cat", "/tmp/uid", "/tmp/pwd", "/tmp/env", "/form", "/argument", "/copied", "/added/file"]
D
  [ "$(docker run --rm --network none all | xargs)" = "1000 /work/here value exec form argument copied copied" ]
}
build_fails() {
  fails_saying 'returned a non-zero code: 7' build bad <<'D'
FROM bb
RUN exit 7
D
}
build_compiles() { # long RUN steps with pipes and many processes
  build many <<'D'
FROM bb
RUN for i in $(seq 60); do echo $i | md5sum; done | sort | md5sum >/sum
RUN find / -xdev -type f | xargs md5sum | wc -l >/count
D
  docker run --rm --network none many cat /sum /count
}
default_checks() {
  restart_dockerd '."default-runtime"=$r' --arg r "$runtime"
  load_image
  check "default runtime" is_default
  check "default runtime: run" says hi docker run --rm --network none bb echo hi
  check "build: RUN" build_run
  check "build: where RUN was" build_in_vm
  check "build: instructions" build_everything
  check "build: a step that fails" build_fails
  check "build: many processes" build_compiles
}

outlives() {
  start l1 bb sh -c 'i=0; while :; do i=$((i+1)); echo $i >/tmp/n; sleep 0.1; done'
  in_time docker exec l1 test -s /tmp/n
  local pid before
  pid=$(inspect l1 '{{.State.Pid}}')
  before=$(docker exec l1 cat /tmp/n)
  stop_dockerd
  sleep 1
  kill -0 "$pid"
  launch_dockerd
  [ "$(inspect l1 '{{.State.Pid}}')" = "$pid" ]
  [ "$(docker exec l1 cat /tmp/n)" -gt "$before" ]
  docker stop -t 1 l1
  says 137 docker wait l1
}
live_checks() {
  restart_dockerd '."live-restore"=true'
  check "outlives the daemon" outlives
  restart_dockerd 'del(."live-restore")'
}

volume_owner() {
  plain -v owned:/v bb touch /v/f
  [ "$(stat -c %u "$(docker volume inspect -f '{{.Mountpoint}}' owned)/f")" = 200000 ]
}
bind_is_foreign() {
  mkdir -p private
  echo secret >private/file
  chmod 600 private/file
  fails_saying 'denied' plain -v "$PWD/private:/p" bb cat /p/file
}
remap_exec() { start e1 bb sleep 60; says 'uid=0(root)' docker exec e1 id; says uid=1000 docker exec -u user e1 id; }
remap_uid_of() { start e1 bb sleep 60; [ "$(awk '/^Uid/ {print $2}' "/proc/$(inspect e1 '{{.State.Pid}}')/status")" = 200000 ]; }
remap_web() {
  networked w1 -p 18082:80 bb sh -c 'mkdir /www; echo mapped >/www/index.html; httpd -f -h /www -p 80'
  in_time says mapped curl -sf http://127.0.0.1:18082/
}
remap_health() { start h1 --health-cmd true --health-interval 1s bb sleep 60; in_time says healthy inspect h1 '{{.State.Health.Status}}'; }
remap_pause() { start p1 bb sleep 60; docker pause p1; says paused inspect p1 '{{.State.Status}}'; docker unpause p1; docker exec p1 true; }
remap_checks() {
  check "userns: map" says 200000 plain bb cat /proc/self/uid_map
  check "userns: root inside" says 'uid=0(root)' plain bb id
  check "userns: user" says 'uid=1000(user)' plain -u user bb id
  check "userns: the process on the host" remap_uid_of
  check "userns: writes its root" plain bb sh -c 'echo x >/etc/new && chown 5:5 /etc/new && stat -c %u /etc/new | grep -x 5'
  check "userns: owner of a volume" volume_owner
  check "userns: the host's files" bind_is_foreign
  check "userns: exec" remap_exec
  check "userns: terminal" says 'crw' on_tty docker run --rm -it --runtime="$runtime" --network none bb ls -l /dev/pts/0
  check "userns: devices" plain bb sh -c 'echo x >/dev/null && head -c 1 /dev/zero | wc -c | grep -x 1'
  check "userns: tmpfs" plain --tmpfs /t bb touch /t/x
  check "userns: read-only" fails_saying Read-only plain --read-only bb touch /x
  check "userns: limits" says 67108864 plain -m 64m bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes
  check "userns: bridge" says eth0 run bb ip addr
  check "userns: published port" remap_web
  check "userns: init" says docker-init plain --init bb cat /proc/1/cmdline
  check "userns: health check" remap_health
  check "userns: pause" remap_pause
  check "userns: shared pids" says 'sleep 60' sharing_pids
  check "userns: left out" says '4294967295' plain --userns host bb cat /proc/self/uid_map
  check "userns: status 127" status 127 plain bb nothing
  check "userns: status 126" status 126 plain bb /etc/passwd
}
sharing_pids() { start s1 bb sleep 60; plain --pid container:s1 bb ps; }
remap_dockerd() {
  echo 'dockremap:x:990:990::/nonexistent:/usr/sbin/nologin' >>/etc/passwd
  echo 'dockremap:x:990:' >>/etc/group
  echo dockremap:200000:65536 | tee -a /etc/subuid >>/etc/subgid
  restart_dockerd '."userns-remap"="dockremap"'
  load_image
}

all_checks() {
  default_checks
  live_checks
}
start_dockerd
make_busybox_rootfs rootfs
with_runtimes "${RUNTIMES:-runc krun}" all_checks
remap_dockerd
with_runtimes "${RUNTIMES:-runc krun}" remap_checks

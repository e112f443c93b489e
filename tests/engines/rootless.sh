#!/bin/bash
# podman of an ordinary user with krun as its runtime, beside crun. What the user needs for krun is to be able to open
# /dev/kvm: by its group, its mode or an ACL. The device comes into the container as a descriptor, so that neither
# --device nor --group-add keep-groups is asked for.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in podman conmon busybox crun newuidmap slirp4netns setpriv; do command -v $program >/dev/null || skip "there is no $program"; done
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/podman_node.sh"

# A user with subordinate ids, and an SDK at a place where users can get.
uid=4321
kvm_gid=$(getent group kvm | cut -d: -f3 || true)
kvm_gid=${kvm_gid:-4322}
home=$node/home
mkdir -p "$home" "$node/opt/bin" "/run/user/$uid"
cp "$KONTAIN_SDK"/bin/km "$KONTAIN_SDK"/bin/krun "$node/opt/bin/"
chmod 711 "$node"
chown $uid:$uid "$home" "/run/user/$uid"
echo "worker:x:$uid:$uid::$home:/bin/sh" >>/etc/passwd
echo "worker:x:$uid:" >>/etc/group
getent group kvm >/dev/null || echo "kvm:x:$kvm_gid:" >>/etc/group
echo worker:300000:65536 | tee -a /etc/subuid >>/etc/subgid
krun_path=$node/opt/bin/krun
podman_settings
rm /etc/containers/storage.conf # users have their own places

groups=$uid,$kvm_gid
as_user() {
  (cd "$home" && exec setpriv --reuid $uid --regid $uid --groups "$groups" \
    env -i PATH="$PATH" HOME="$home" USER=worker XDG_RUNTIME_DIR=/run/user/$uid LC_ALL=C "$@")
}
podman() { as_user timeout -k 2 60 /usr/bin/podman --runtime "$runtime" "$@"; }
on_user_tty() { as_user script -qec "$(printf '%q ' podman --runtime "$runtime" "$@")" /dev/null; }

exec_works() { start e bb sleep 60; says hello podman exec e echo hello; status 9 podman exec e sh -c 'exit 9'; says uid=1000 podman exec -u user e id; }
exec_tty() { start e bb sleep 60; says /dev/pts on_user_tty exec -it e tty; }
kill_works() { start k bb sleep 60; podman kill k; says 137 podman wait k; }
stop_works() { start k bb sh -c 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1; done'; in_time says ready podman logs k; podman stop k; says 6 podman wait k; }
logs_work() { start l bb sh -c 'echo one; echo two >&2'; podman wait l; says two podman logs l; }
volume_works() { podman volume create v1; run -v v1:/v bb sh -c 'echo kept >/v/f'; says kept run -v v1:/v bb cat /v/f; }
bind_works() { mkdir -p "$home/bound"; chown $uid:$uid "$home/bound"; run -v "$home/bound:/b" bb touch /b/f; [ "$(stat -c %u "$home/bound/f")" = $uid ]; }
keep_id() { says uid=$uid run --userns keep-id bb id; }
published() { podman run -d -p 18072:80 --name w bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www'; in_time says served curl -sf http://127.0.0.1:18072/; }
slirp() { says tap0 podman run --rm --network slirp4netns bb ip addr; }
pod_shares() {
  podman pod create --name d1
  podman run -d --pod d1 bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www'
  in_time says served podman run --rm --pod d1 bb wget -qO- http://127.0.0.1/
}
build_works() {
  mkdir -p "$home/ctx"
  printf 'FROM localhost/bb\nRUN echo built >/made\nUSER user\nRUN id -u >/tmp/uid\nCMD ["cat","/made","/tmp/uid"]\n' >"$home/ctx/Dockerfile"
  podman build -q --no-cache --network none -t built "$home/ctx"
  [ "$(run built | xargs)" = "built 1000" ]
}
unprivileged() { start c bb sleep 60; [ "$(awk '/^Uid/{print $2}' "/proc/$(inspect c '{{.State.Pid}}')/status")" = $uid ]; }
all_are_km() {
  [ "$runtime" = krun ] || return 0
  start c bb sh -c 'sleep 100 & sleep 101; true'
  podman exec c true
  everything_is_km "$(inspect c '{{.State.Pid}}')" 3
}
# /dev/kvm, three ways and none
kvm_by() { # MODE OWNER:GROUP GROUPS-OF-THE-USER
  chmod "$1" /dev/kvm
  chown "$2" /dev/kvm
  groups=$3
}
by_group() { kvm_by 660 0:"$kvm_gid" $uid,"$kvm_gid"; says hi run bb echo hi; }
by_mode() { kvm_by 666 0:0 $uid; says hi run bb echo hi; }
by_acl() { kvm_by 660 0:0 $uid; setfacl -m u:$uid:rw /dev/kvm; says hi run bb echo hi; setfacl -b /dev/kvm; }
by_nothing() {
  [ "$runtime" = krun ] || { run bb true; return; }
  kvm_by 600 0:0 $uid
  fails_saying /dev/kvm run bb echo hi
}

all_checks() {
  kvm_by 660 0:"$kvm_gid" $uid,"$kvm_gid"
  check "echo" says hi run bb echo hi
  check "status" status 42 run bb sh -c 'exit 42'
  check "missing program" status 127 run bb nothing
  check "not executable" status 126 run bb /etc/passwd
  check "terminal" says crw on_user_tty run --rm -it --network none bb ls -l /dev/pts/0
  check "user" says uid=1000 run -u user bb id
  check "user map" says 300000 run bb cat /proc/self/uid_map
  check "keep-id" keep_id
  check "hostname" says box run --hostname box bb hostname
  check "read-only" fails_saying 'Read-only' run --read-only bb touch /x
  check "tmpfs" run --tmpfs /t bb touch /t/x
  check "volume" volume_works
  check "bind mount" bind_works
  check "capabilities" fails_saying 'not permitted' run --cap-drop ALL bb chown 1 /tmp
  check "init" says podman-init run --init bb cat /proc/1/cmdline
  check "exec" exec_works
  check "exec: terminal" exec_tty
  check "kill" kill_works
  check "stop" stop_works
  check "logs" logs_work
  check "slirp4netns" slirp
  check "published port" published
  check "host network" says 'lo:' podman run --rm --network host bb ip link
  check "pod" pod_shares
  check "build" build_works
  check "privileged" run --privileged bb true
  check "the user's own processes" unprivileged
  check "every process is a km" all_are_km
  check "/dev/kvm by group" by_group
  check "/dev/kvm by mode" by_mode
  check "/dev/kvm by ACL" by_acl
  check "/dev/kvm by nothing" by_nothing
}

/usr/bin/podman --version
make_busybox_rootfs rootfs
tar -C rootfs -cf "$node/rootfs.tar" .
chmod 644 "$node/rootfs.tar"
runtime=crun
podman import -q "$node/rootfs.tar" bb >/dev/null
with_runtimes "${RUNTIMES:-crun krun}" all_checks

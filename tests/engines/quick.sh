#!/bin/bash
# A quick choice of what the suites with engines do: krun is registered with Docker, podman and containerd as a user
# would do it, runs containers for each of them, and is taken out again.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in dockerd docker podman conmon containerd ctr busybox jq; do command -v $program >/dev/null || skip "there is no $program"; done
node_limit_seconds=170
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/podman_node.sh"
. "$KONTAIN_SOURCE/tests/engines/containerd_node.sh"
. "$KONTAIN_SOURCE/tests/engines/dockerd.sh"
register() { "$KONTAIN_SOURCE/contrib/krun-register" "$@"; }
runtime=krun

make_busybox_rootfs rootfs
tar -C rootfs -cf rootfs.tar .

# Docker
tidy() { docker ps -aq | xargs -r /usr/bin/docker rm -fv; }
exec_works() {
  start c bb sleep 60
  says hello docker exec c echo hello
  cmp "/proc/$(inspect c '{{.State.Pid}}')/exe" "$KONTAIN_SDK/bin/km"
}
published() {
  networked w -p 18080:80 bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www -p 80'
  in_time says served curl -sf http://127.0.0.1:18080/
}
start_dockerd
docker import - bb <rootfs.tar >/dev/null
check "docker: run" says kontain plain bb uname -r
check "docker: status" status 42 plain bb sh -c 'exit 42'
check "docker: missing program" status 127 plain bb nothing
check "docker: terminal" says '33 77' on_tty docker run --rm -it --runtime=krun --network none bb sh -c 'sleep 0.5; stty size'
check "docker: exec" exec_works
check "docker: published port" published
check "docker: memory limit" says 67108864 plain -m 64m bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes
register remove docker
kill -HUP "$(cat /run/docker.pid)"
unknown() { docker info -f '{{json .Runtimes}}' | jq -e 'has("krun") | not'; }
check "docker: taken out" in_time unknown
stop_dockerd

# podman
. "$KONTAIN_SOURCE/tests/engines/podman_node.sh"
podman_exec() { start c bb sleep 60; says hello podman exec c echo hello; }
podman_settings
podman import -q rootfs.tar bb >/dev/null
check "podman: run" says kontain run bb uname -r
check "podman: status" status 42 run bb sh -c 'exit 42'
check "podman: missing program" status 127 run bb nothing
check "podman: exec" podman_exec
register remove podman
check "podman: taken out" fails_saying krun run bb true

# containerd; the CRI's handler is what registration is about, and `containerd config dump` what containerd reads.
tidy() { :; }
start_containerd
python3 "$KONTAIN_SOURCE/tests/engines/oci_archive.py" rootfs.tar bb.tar localhost/bb:1 sh
ctr images import bb.tar >/dev/null
dumped() { containerd config dump | grep -q "$krun_path"; }
check "containerd: registered" dumped
check "containerd: run" says kontain ctr run --rm --runc-binary "$krun_path" localhost/bb:1 c uname -r
check "containerd: status" status 42 ctr run --rm --runc-binary "$krun_path" localhost/bb:1 c sh -c 'exit 42'
register remove containerd
check "containerd: taken out" fails_saying '' dumped

! grep '^not ok' results || fail "$(grep -c '^not ok' results) of $(wc -l <results) checks"
[ "$(grep -c '^ok' results)" -ge 18 ] || fail "too few checks"

#!/bin/bash
# A quick choice of what the suites with engines do: krun is registered with Docker, podman and containerd as
# docs/engines.md says, runs containers for each of them, and is taken out again.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in dockerd docker podman conmon containerd ctr busybox jq; do command -v $program >/dev/null || skip "there is no $program"; done
NODE_LIMIT_SECONDS=170 enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/containerd_node.sh"
runtime=krun
krun_path=/opt/kontain/bin/krun
register() { /opt/kontain/share/kontain/engines/krun-register "$@"; }
as_documented() { python3 "$KONTAIN_SOURCE/tests/engines/doc_blocks.py" "$KONTAIN_SOURCE/docs/engines.md" "$1"; }

make_busybox_rootfs rootfs
tar -C rootfs -cf rootfs.tar .

# Docker
. "$KONTAIN_SOURCE/tests/engines/dockerd.sh"
exec_works() {
  start c1 bb sleep 60
  says hello docker exec c1 echo hello
  cmp "/proc/$(inspect c1 '{{.State.Pid}}')/exe" "$KONTAIN_SDK/bin/km"
}
published() {
  networked w1 -p 18080:80 bb sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -h /www -p 80'
  in_time says served curl -sf http://127.0.0.1:18080/
}
knows_krun() { docker info -f '{{json .Runtimes}}' | jq -e "$1"; }
start_dockerd
register remove docker
kill -HUP "$(cat /run/docker.pid)"
in_time knows_krun 'has("krun") | not' >/dev/null || fail "Docker still has krun"
docker import - debian <rootfs.tar >/dev/null
docker tag debian bb
check "docker: as documented" says .kontain as_documented Docker
check "docker: status" status 42 plain bb sh -c 'exit 42'
check "docker: missing program" status 127 plain bb nothing
check "docker: terminal" says '33 77' on_tty docker run --rm -it --runtime=krun --network none bb sh -c 'sleep 0.5; stty size'
check "docker: exec" exec_works
check "docker: published port" published
check "docker: memory limit" says 67108864 plain -m 64m bb cat /sys/fs/cgroup/memory/memory.limit_in_bytes
register remove docker
kill -HUP "$(cat /run/docker.pid)"
check "docker: taken out" in_time knows_krun 'has("krun") | not'
stop_dockerd

# podman
. "$KONTAIN_SOURCE/tests/engines/podman_node.sh"
podman_exec() {
  start c bb sleep 60
  says hello podman exec c echo hello
}
podman_settings
register remove podman
check "podman: not before" fails_saying krun run bb true
/usr/bin/podman import -q rootfs.tar debian >/dev/null
/usr/bin/podman tag debian bb
check "podman: as documented" says .kontain as_documented podman
check "podman: status" status 42 run bb sh -c 'exit 42'
check "podman: missing program" status 127 run bb nothing
check "podman: exec" podman_exec
register remove podman
check "podman: taken out" fails_saying krun run bb true

# containerd
tidy() { :; }
once() { ctr run --rm --runc-binary "$krun_path" localhost/debian:1 "$@"; }
dumped() { containerd config dump | grep -F "$krun_path"; }
start_containerd
register remove containerd
python3 "$KONTAIN_SOURCE/tests/engines/oci_archive.py" rootfs.tar image.tar localhost/debian:1 sh
ctr images import image.tar >/dev/null
check "containerd: not before" fails_saying '' dumped
check "containerd: as documented" says .kontain as_documented "containerd and Kubernetes"
check "containerd: status" status 42 once a sh -c 'exit 42'
register remove containerd
check "containerd: taken out" fails_saying '' dumped

if grep '^not ok' results; then fail "$(grep -c '^not ok' results) of $(wc -l <results) checks"; fi
[ "$(grep -c '^ok' results)" -ge 17 ] || fail "too few checks"

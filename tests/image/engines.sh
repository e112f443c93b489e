#!/bin/bash
# --output docker, podman and containerd: each engine takes the image and starts it, with krun and with its own runtime.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
[ "$(id -u)" -eq 0 ] || skip "the engines are tried as root"
need_kvm
need dockerd podman containerd ctr runc
# One private mount and network namespace for all of it.
if [ "${IMAGE_ENGINES_INSIDE:-}" != 1 ]; then
  exec env IMAGE_ENGINES_INSIDE=1 unshare --mount --net --propagation private bash "$0" "$@"
fi
ip link set lo up
make_workdir
export PATH=$KONTAIN_SDK/bin:$PATH
export DOCKER_HOST=unix://$workdir/docker.sock CONTAINERD_ADDRESS=$workdir/containerd.sock
daemons=()
cleanup() {
  local pid
  docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1 || true
  podman rm -af -t 0 >/dev/null 2>&1 || true
  for pid in "${daemons[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  grep -o " $workdir/[^ ]*" /proc/mounts | sort -r | xargs -r umount -l || true
  cd /
  rm -rf "$workdir"
}
trap cleanup EXIT

kontain-gcc -o hello.km "$KONTAIN_SOURCE/examples/hello/hello.c"
native=$(./hello.km)
cat >containerd.toml <<END
version = 2
root = "$workdir/containerd"
state = "$workdir/containerd-state"
[grpc]
  address = "$CONTAINERD_ADDRESS"
END
containerd --config containerd.toml --log-level error >containerd.log 2>&1 &
daemons+=($!)
in_time ctr version
echo '{}' >daemon.json
dockerd --host "$DOCKER_HOST" --data-root "$workdir/docker" --exec-root "$workdir/docker-exec" --pidfile "$workdir/docker.pid" \
  --containerd "$CONTAINERD_ADDRESS" --config-file "$workdir/daemon.json" --storage-driver vfs --bridge none --iptables=false \
  --exec-opt native.cgroupdriver=cgroupfs --add-runtime "krun=$KONTAIN_SDK/bin/krun" >docker.log 2>&1 &
daemons+=($!)
in_time docker version
cat >storage.conf <<END
[storage]
driver = "vfs"
graphroot = "$workdir/podman"
runroot = "$workdir/podman-run"
END
printf '[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\n' >containers.conf
export CONTAINERS_STORAGE_CONF=$workdir/storage.conf CONTAINERS_CONF=$workdir/containers.conf

# The lines of the document.
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/docs/images.md" tests/image/engines.sh >lines.sh
expect_equal "$(XDG_DATA_HOME=$workdir/data bash lines.sh | tail -n 1)" "$native" "what the document's lines print last"

# zstd is what none of Debian 12's docker reads: it is unpacked for it.
for compression in gzip zstd; do
  name=hello-$compression
  # Another label: podman takes images with the same configuration for one.
  digest=$(kb -t $name --payload hello.km --label "packed=$compression" --compression $compression -o docker -o podman -o containerd --print digest)
  expect_equal "$(kb verify $name)" "identical: $digest" "verify of $name"
  config=$(kb inspect $name --show manifest | jq -r .config.digest)
  expect_equal "$(docker image inspect --format '{{.Id}}' $name)" "$config" "docker's id of $name"
  expect_equal "$(docker run --rm --network none --runtime krun $name)" "$native" "docker with krun"
  expect_equal "$(docker run --rm --network none --runtime runc $name)" "$native" "docker with runc"
  expect_equal "$(podman image inspect --format '{{.Digest}}' docker.io/library/$name)" "$digest" "podman's digest of $name"
  ctr images ls -q >images
  expect_contains images "docker.io/library/$name:latest"
  ctr images ls "name==docker.io/library/$name:latest" >image
  expect_contains image "$digest"
done

# And back: what docker saves is the same files.
docker save -o saved.tar hello-gzip
kb pull docker-archive:saved.tar >/dev/null
expect_status 0 kb diff hello-gzip docker-archive:saved.tar

# An engine that refuses is quoted.
expect_status 1 env DOCKER_HOST=unix:///nonexistent kontain-build --store store -t hello --payload hello.km -o docker
expect_contains err "kontain-build: docker: does not take the image: "

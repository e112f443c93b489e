# containerd in a node. Sourced behind node.sh and checks.sh.
# shellcheck shell=bash disable=SC2154,SC2034

# start_containerd: as Kubernetes has it, with krun registered as a user would do it.
start_containerd() {
  mkdir -p /etc/containerd /etc/cni/net.d
  cat >/etc/containerd/config.toml <<'C'
version = 2
oom_score = 0
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
        BinaryName = "/usr/bin/crun"
C
  cat >/etc/cni/net.d/10-bridge.conflist <<'C'
{"cniVersion":"0.4.0","name":"pods","plugins":[
 {"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":false,
  "ipam":{"type":"host-local","ranges":[[{"subnet":"10.88.0.0/16"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
C
  "$KONTAIN_SOURCE/contrib/krun-register" add containerd --krun "$krun_path"
  launch_containerd
  containerd --version | cut -d' ' -f3
}

launch_containerd() {
  containerd >"$node/containerd.log" 2>&1 </dev/null &
  echo $! >"$node/containerd.pid"
  for _ in $(seq 100); do ctr version >/dev/null 2>&1 && return; sleep 0.2; done
  tail "$node/containerd.log"
  fail "containerd does not start"
}

restart_containerd() {
  local process
  process=$(cat "$node/containerd.pid")
  kill "$process"
  for _ in $(seq 50); do kill -0 "$process" 2>/dev/null || break; sleep 0.1; done
  launch_containerd
}

# The path of a runtime by its name, for ctr --runc-binary.
runtime_path() { if [ "$1" = krun ]; then echo "$krun_path"; else command -v "$1"; fi; }

# Images bb (busybox) and pause, for ctr and for Kubernetes.
load_images() {
  make_busybox_rootfs rootfs
  tar -C rootfs -cf rootfs.tar .
  python3 "$KONTAIN_SOURCE/tests/engines/oci_archive.py" rootfs.tar bb.tar localhost/bb:1 sh
  python3 "$KONTAIN_SOURCE/tests/engines/oci_archive.py" rootfs.tar pause.tar localhost/pause:1 sleep 100000
  local space
  for space in default k8s.io; do
    ctr -n "$space" images import bb.tar >/dev/null
    ctr -n "$space" images import pause.tar >/dev/null
  done
}

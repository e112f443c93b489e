# podman in a node. Sourced behind node.sh and checks.sh.
# shellcheck shell=bash disable=SC2154

# podman_settings [FOLDER]: for a machine without systemd; the limits are those that the kernel lets be set
# everywhere, and soft is hard because `play kube` of podman 4.3 mistakes one for the other.
podman_settings() {
  mkdir -p /etc/containers
  cat >/etc/containers/containers.conf <<'C'
[containers]
default_ulimits=["nofile=4096:4096","nproc=32768:32768"]
log_driver="k8s-file"
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
C
  printf '[storage]\ndriver="overlay"\nrunroot="/run/containers/storage"\ngraphroot="/var/lib/containers/storage"\n' \
    >/etc/containers/storage.conf
  echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
  "$KONTAIN_SOURCE/contrib/krun-register" add podman --krun "$krun_path"
}

podman() { timeout -k 2 60 /usr/bin/podman --runtime "$runtime" "$@"; }
tidy() {
  podman pod rm -af -t 0
  podman rm -af -t 0
  podman volume rm -af
  podman network prune -f
}
run() { podman run --rm --network none "$@"; }
start() { podman run -d --network none --name "$@" >/dev/null; }
inspect() { podman inspect -f "$2" "$1"; }

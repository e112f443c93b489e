# Docker's daemon in a node, and words for its checks. Sourced behind node.sh and checks.sh.
# shellcheck shell=bash disable=SC2154

docker() { timeout -k 2 60 /usr/bin/docker "$@"; }

# start_dockerd [JQ-FILTER]: with krun registered as a user would do it; the filter changes daemon.json.
start_dockerd() {
  mkdir -p /etc/docker
  jq -n "{\"storage-driver\":\"overlay2\",\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"],
    \"runtimes\":{\"crun\":{\"path\":\"/usr/bin/crun\"}}} | ${1:-.}" >/etc/docker/daemon.json
  "$KONTAIN_SOURCE/contrib/krun-register" add docker --krun "$krun_path"
  launch_dockerd
  docker version -f 'docker {{.Server.Version}}'
  runc --version | head -1
  "$krun_path" --version | head -1
}

launch_dockerd() {
  dockerd >"$node/dockerd.log" 2>&1 </dev/null &
  for _ in $(seq 150); do docker version >/dev/null 2>&1 && return; sleep 0.2; done
  tail "$node/dockerd.log"
  fail "dockerd does not start"
}

stop_dockerd() {
  kill "$(cat /var/run/docker.pid)"
  for _ in $(seq 100); do [ -e /var/run/docker.pid ] || return 0; sleep 0.2; done
  fail "dockerd does not stop"
}

# What one check left.
tidy() {
  docker ps -aq | xargs -r /usr/bin/docker rm -fv
  docker network prune -f
  docker volume ls -q | xargs -r /usr/bin/docker volume rm -f
}

run() { docker run --rm --runtime="$runtime" "$@"; }
plain() { run --network none "$@"; }
start() { docker run -d --runtime="$runtime" --network none --name "$@" >/dev/null; }
networked() { docker run -d --runtime="$runtime" --name "$@" >/dev/null; }
inspect() { docker inspect -f "$2" "$1"; }

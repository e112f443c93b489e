# What the suites of the language runtimes share. Sourced behind tests/lib/common.sh.
# shellcheck shell=bash disable=SC2154

need_runenv() {
  need_kvm
  [ "$(id -u)" -eq 0 ] || skip "recipes have RUN steps, whose overlay needs root"
}

kontain_build() { "$KONTAIN_SDK/bin/kontain-build" --store "$store" "$@"; }

# make_runenv NAME: builds it into a store that all these tests share, once for each recipe.
make_runenv() {
  store=$KONTAIN_BUILD/runenv-store
  mkdir -p "$store"
  local log=$workdir/runenv-build.log
  (
    flock 9
    kontain_build runenv build "$1" --progress plain >"$workdir/built" 2>"$log"
  ) 9>"$store.lock" || {
    grep -qE 'apt-get download|npm pack' "$log" && skip "packages cannot be fetched: $(tail -1 "$log")"
    tail -n 20 "$log"
    fail "runenv build $1"
  }
}

krun() { timeout -k 5 "${limit:-240}" "$KONTAIN_SDK/bin/krun" --root "$workdir/state" "$@"; }

# bundle NAME: unpacks the runtime into ./NAME; /work in it is for the test's files.
bundle() {
  kontain_build runenv unpack "$1" "$workdir/$1" >/dev/null
  mkdir "$workdir/$1/rootfs/work"
}

# in_bundle NAME WORD...: runs it in the bundle.
in_bundle() {
  local name=$1 words
  shift
  words=$(python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@")
  jq --argjson words "$words" '.process.args = $words' <"$workdir/$name/config.json" >"$workdir/$name/config.new"
  mv "$workdir/$name/config.new" "$workdir/$name/config.json"
  krun run --bundle "$workdir/$name" "runenv-test-$$-$RANDOM"
}

docker() { timeout -k 2 "${limit:-120}" /usr/bin/docker "$@"; }

stop_docker() {
  if [ -s "$node/docker.pid" ]; then
    docker ps -aq | xargs -r /usr/bin/docker rm -f >/dev/null 2>&1 || true
    kill "$(cat "$node/docker.pid")" 2>/dev/null || true
    for _ in $(seq 50); do [ ! -e "$node/docker.pid" ] || sleep 0.2; done
  fi
  ! mountpoint -q "$node/netns" || umount "$node/netns"
  { grep -o " $workdir/[^ ]*" /proc/mounts || true; } | sort -r | xargs -r umount -l
  rm -rf "$workdir"
}

# A dockerd of our own with krun as a runtime, in a network namespace of its own.
start_docker() {
  for program in dockerd docker curl; do command -v $program >/dev/null || skip "there is no $program"; done
  node=$workdir/node
  mkdir -p "$node"
  export DOCKER_HOST=unix://$node/docker.sock
  trap stop_docker EXIT
  touch "$node/netns"
  unshare --net="$node/netns" ip link set lo up
  echo '{}' >"$node/daemon.json"
  setsid timeout 1500 nsenter --net="$node/netns" dockerd --host "unix://$node/docker.sock" --data-root "$node/data" \
    --exec-root "$node/exec" --pidfile "$node/docker.pid" --storage-driver overlay2 \
    --exec-opt native.cgroupdriver=cgroupfs --config-file "$node/daemon.json" --experimental \
    --add-runtime "krun=$KONTAIN_SDK/bin/krun" >"$node/log" 2>&1 </dev/null &
  for _ in $(seq 150); do docker version >/dev/null 2>&1 && return; sleep 0.2; done
  tail "$node/log"
  fail "dockerd does not start"
}

# service NAME CONTEXT: builds the folder's Dockerfile, loads the image into docker, and verifies that it is made the same
# way again.
service() {
  kontain_build -t "$1" --output "docker-archive:$workdir/$1.tar" "$2" >/dev/null
  kontain_build verify "$1" >verified
  expect_contains verified "identical: sha256:"
  docker load -q -i "$workdir/$1.tar" >/dev/null
  rm "$workdir/$1.tar"
}

# python_service RUNTIME: the folder service, with a Dockerfile of a service on that runtime.
python_service() {
  mkdir service
  cp "$KONTAIN_SOURCE/tests/runenv/service.py" service/app.py
  printf '%s\n' "FROM runenv-$1" "COPY app.py /app/" "USER app" "EXPOSE 8080" 'CMD ["python3", "/app/app.py"]' >service/Dockerfile
}

# answers NAME PORT PATH TEXT: runs the image under krun; what it serves at the path has the text in it.
answers() {
  local name=$1 port=$2 path=$3 text=$4 got=""
  docker run -d --runtime krun -p "$port:8080" --name "$name" "$name" >/dev/null
  for _ in $(seq 200); do
    got=$(nsenter --net="$node/netns" curl -sf -m 5 "http://127.0.0.1:$port$path") && break
    sleep 0.3
  done
  case $got in *"$text"*) ;; *) docker logs "$name" | tail -n 20; fail "$name answers '$got', not '$text'" ;; esac
  expect_contains <(docker inspect -f '{{.HostConfig.Runtime}}' "$name") krun
  expect_contains <(docker exec "$name" "${@:5}" 2>&1) .kontain
  docker rm -f "$name" >/dev/null
}

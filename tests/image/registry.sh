#!/bin/bash
# Debian's docker-registry: push, pull, mounts, interrupted transfers, passwords, damaged content.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
need docker-registry htpasswd python3
make_workdir
make_payload app.km
head -c 20000000 /dev/urandom >random
start_registry
name=$registry/team/app

digest=$(kb -t "$name:v1" --payload app.km --copy random:/random --print digest)
expect_status 0 kb push "$name:v1"
expect_equal "$(cat out)" "$digest" "digest of push"
expect_status 0 "$build_tool" --store pulled pull "$name:v1"
expect_equal "$(cat out)" "$digest" "digest of pull"
"$build_tool" --store pulled unpack "$name:v1" unpacked >/dev/null
cmp unpacked/rootfs/random random || fail "the content changed on its way"
expect_status 0 "$build_tool" --store by-digest pull "$registry/team/app@$digest"
expect_status 0 "$build_tool" --store direct inspect "docker://$name:v1"

# The lines of the document.
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/docs/images.md" tests/image/registry.sh |
  sed "s|registry.example|$registry|" >lines.sh
cp app.km hello.km
XDG_DATA_HOME=$workdir/data PATH=$KONTAIN_SDK/bin:$PATH bash lines.sh >out
expect_contains out "sha256:"

# What is there is not sent again; what another repository has is mounted.
start_proxy() {
  proxy_port=$(free_port)
  python3 "$KONTAIN_SOURCE/tests/image/proxy.py" "$proxy_port" "${registry#localhost:}" "$@" >proxy.log 2>proxy.err &
  proxy_pid=$!
  in_time bash -c "exec 3<>/dev/tcp/127.0.0.1/$proxy_port"
}
stop_proxy() {
  kill "$proxy_pid"
  wait "$proxy_pid" 2>/dev/null || true
}
start_proxy
proxied=localhost:$proxy_port
kb tag "$name:v1" "$proxied/team/app:v1"
expect_status 0 kb push "$proxied/team/app:v1"
! grep -q PATCH proxy.log || fail "a blob was sent again"
kb tag "$name:v1" "$proxied/other/app:v1"
expect_status 0 kb push "$proxied/other/app:v1"
grep -q 'POST.*mount=.*201' proxy.log || fail "nothing was mounted: $(cat proxy.log)"
! grep -q PATCH proxy.log || fail "a blob was sent although it could be mounted"
stop_proxy

# Connections that break in the middle, in both directions.
start_proxy --cut 3000000
proxied=localhost:$proxy_port
kb -t "$proxied/cut/app:v1" --payload app.km --copy random:/r2 >/dev/null
expect_status 0 kb push "$proxied/cut/app:v1"
[ "$(grep -c 'PATCH.* cut' proxy.log)" -ge 2 ] || fail "the upload was not interrupted: $(cat proxy.log)"
expect_status 0 "$build_tool" --store cut pull "$proxied/cut/app:v1"
grep -q 'GET.* range=bytes=[1-9]' proxy.log || fail "the download did not go on where it was: $(cat proxy.log)"
"$build_tool" --store cut unpack "$proxied/cut/app:v1" cut-unpacked >/dev/null
cmp cut-unpacked/rootfs/r2 random || fail "the content changed on its broken way"
stop_proxy

# Connections that break between the pieces of an upload: the rest is sent, not everything.
start_proxy --drop 4
proxied=localhost:$proxy_port
head -c 60000000 /dev/urandom >larger
kb -t "$proxied/drop/app:v1" --payload app.km --copy larger:/r3 >/dev/null
expect_status 0 kb push "$proxied/drop/app:v1"
[ "$(grep -c 'PATCH.* dropped' proxy.log)" -ge 2 ] || fail "the upload was not interrupted: $(cat proxy.log)"
grep -q 'PATCH.*content-range=[1-9]' proxy.log || fail "the upload did not go on where it was: $(cat proxy.log)"
expect_status 0 "$build_tool" --store drop pull "$registry/drop/app:v1"
stop_proxy

# A server that is busy for a while, and one that answers nonsense.
start_proxy --busy 3
expect_status 0 "$build_tool" --store busy pull "localhost:$proxy_port/team/app:v1"
expect_equal "$(grep -c ' 503' proxy.log)" 3 "refusals before it worked"
stop_proxy
start_proxy --damage
expect_status 1 "$build_tool" --store damaged pull "localhost:$proxy_port/team/app:v1"
expect_contains err "kontain-build: blob: sha256:"
expect_equal "$("$build_tool" --store damaged ls | wc -l)" 1 "images of a damaged pull"
stop_proxy

expect_status 1 kb pull "$registry/team/nothing:v1"
expect_contains err "kontain-build: pull: $registry/team/nothing:v1: the registry answers 404 ("
expect_status 1 kb pull "localhost:1/a:b"
expect_contains err "kontain-build: GET: http://localhost:1/v2/a/manifests/b: "

# Tokens: the registry sends us to a server that has one for the right password.
start_proxy --token key
name_by_token=localhost:$proxy_port/team/app
export DOCKER_CONFIG=$workdir/docker-token
mkdir "$DOCKER_CONFIG"
login() { jq -n --arg r "$1" --arg a "$(printf %s "$2" | base64)" '{auths:{($r):{auth:$a}}}' >"$DOCKER_CONFIG/config.json"; }
login "localhost:$proxy_port" user:key
expect_status 0 "$build_tool" --store token pull "$name_by_token:v1"
kb tag "$name:v1" "$name_by_token-too:v1"
expect_status 0 kb push "$name_by_token-too:v1"
login "localhost:$proxy_port" user:wrong
expect_status 1 "$build_tool" --store no-token pull "$name_by_token:v1"
expect_contains err "kontain-build: token: http://localhost:$proxy_port/token: the registry answers 401"
stop_proxy

# Another tool sees the same bytes.
kb copy "$name:v1" oci:layout:app >/dev/null
if command -v skopeo >/dev/null; then
  skopeo copy --quiet --src-tls-verify=false "docker://$name:v1" oci:by-skopeo:app
  cmp "by-skopeo/blobs/sha256/${digest#sha256:}" "layout/blobs/sha256/${digest#sha256:}" || fail "skopeo sees another manifest"
fi
kill "$registry_pid"
wait "$registry_pid" 2>/dev/null || true

# Passwords, from the file that docker login writes.
htpasswd -Bbn user 'pa:ss word' >passwords
start_registry "$workdir/passwords"
name=$registry/private/app
kb -t "$name:v1" --payload app.km >/dev/null
export DOCKER_CONFIG=$workdir/docker
expect_status 1 kb push "$name:v1"
expect_equal "$(cat err)" \
  "kontain-build: registry: $registry: wants a password and config.json of docker has none (docker login)" "no password"
mkdir docker
login "$registry" user:wrong
expect_status 1 kb push "$name:v1"
expect_equal "$(cat err)" "kontain-build: registry: $registry: the password is wrong" "wrong password"
login "$registry" 'user:pa:ss word'
expect_status 0 kb push "$name:v1"
expect_status 0 "$build_tool" --store private pull "$name:v1"

# With a password over connections that break: what is left of a transfer is asked for with the password, too.
start_proxy --cut 3000000
login "localhost:$proxy_port" 'user:pa:ss word'
name=localhost:$proxy_port/private/cut
kb -t "$name:v1" --payload app.km --copy random:/r4 >/dev/null
expect_status 0 kb push "$name:v1"
[ "$(grep -c 'PATCH.* cut' proxy.log)" -ge 2 ] || fail "the upload was not interrupted: $(cat proxy.log)"
expect_status 0 "$build_tool" --store private-cut pull "$name:v1"
grep -q 'GET.* range=bytes=[1-9]' proxy.log || fail "the download did not go on where it was: $(cat proxy.log)"
"$build_tool" --store private-cut unpack "$name:v1" private-unpacked >/dev/null
cmp private-unpacked/rootfs/r4 random || fail "the content changed on its broken way"
stop_proxy

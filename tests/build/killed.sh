#!/bin/bash
# A build from a Dockerfile is killed before each of its calls that change something, in any of its threads and in the
# child that becomes krun: the store stays valid, no process remains, gc removes all that is left, and the next build makes
# the same image. BUILD_KILL_STRIDE=N takes every Nth call only, BUILD_KILL_FIRST=M
# from the Mth on.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "the overlay of a RUN step needs root or subordinate ids"
for program in busybox cc jq pgrep; do command -v $program >/dev/null || skip "there is no $program"; done
make_store
builder=$KONTAIN_SDK/bin/kontain-build
ldd "$builder" >/dev/null 2>&1 || skip "nothing can be preloaded into a static kontain-build"
cc -shared -fPIC -O1 -o kill_at.so "$KONTAIN_SOURCE/tests/build/kill_at.c" -ldl
stride=${BUILD_KILL_STRIDE:-12}
first=${BUILD_KILL_FIRST:-$stride}

# Few files: every one of them is several calls, twice.
mkdir -p bb.ctx/root/bin app
cp /bin/busybox bb.ctx/root/bin/busybox
for name in sh cat mkdir ln chmod rm sleep; do ln -s busybox "bb.ctx/root/bin/$name"; done
printf 'FROM scratch\nCOPY root/ /\n' >bb.ctx/Dockerfile
build -t bb bb.ctx >/dev/null
seq 1 2000 >app/data
cat >app/Dockerfile <<'END'
FROM bb AS one
RUN echo made >/made && mkdir -p /closed/deep && ln -s /made /closed/deep/link && chmod 0 /closed
FROM bb
COPY data /numbers
WORKDIR /dir
COPY --from=one /made /dir/
RUN echo begun; sleep 0.2; cat /dir/made >/again; rm /numbers
END
cp -r store base
arguments=(-t app --progress plain --print digest app)
KILL_COUNT=$workdir/calls LD_PRELOAD=$workdir/kill_at.so "$builder" --store "$store" "${arguments[@]}" >digests 2>/dev/null
calls=$(cat calls)

# valid WHERE: every name is an image, and every blob is what its name says.
valid() {
  local name bad
  build ls --format json >names || fail "$1: the names are damaged"
  for name in $(jq -r '.[].name' names); do
    build diff "$name" "$name" >/dev/null || fail "$1: $name is damaged"
  done
  bad=$(find store/blobs/sha256 -type f -exec sha256sum {} + | awk '{ sub(/.*\//, "", $2) } $1 != $2')
  [ -z "$bad" ] || fail "$1: a blob is not what its name says: $bad"
}

# nothing_left WHERE: gc leaves nothing of builds.
nothing_left() {
  build gc >/dev/null
  [ -z "$(find store/tmp store/build -mindepth 1 2>/dev/null)" ] || fail "$1: gc leaves $(find store/tmp store/build -mindepth 1)"
  ! grep -q "$workdir" /proc/mounts || fail "$1: a mount is left"
}

# kill_at N: 0 when the build had fewer calls and ended by itself.
kill_at() {
  local status=0
  rm -rf store
  cp -r base store
  KILL_AT=$1 LD_PRELOAD=$workdir/kill_at.so "$builder" --store "$store" "${arguments[@]}" >digest 2>killed.log &
  victim=$!
  { wait $victim; } 2>/dev/null || status=$?
  [ $status -ne 0 ] || return 1
  # 137: killed. 1: the child on its way to krun was, and the build says that the step failed.
  case $status in 1 | 137) ;; *) fail "killed at $1: status $status: $(cat killed.log)" ;; esac
  in_time steps_ended || fail "killed at $1: a process is left: $(step_processes | xargs -r ps -fp)"
}

points=0
for ((n = first; n <= calls; n += stride)); do
  # Threads do not take turns the same way each time: the last calls may have been fewer.
  kill_at $n || continue
  valid "killed at $n"
  # Every other time the next build cleans up before gc does.
  [ $((points % 2)) -eq 0 ] || nothing_left "killed at $n"
  build "${arguments[@]}" >again 2>again.log || fail "killed at $n: the next build fails: $(cat again.log)"
  cat again >>digests
  valid "built after $n"
  nothing_left "built after $n"
  [ -z "$(step_cgroups)" ] || fail "killed at $n: a cgroup is left: $(step_cgroups)"
  points=$((points + 1))
done
[ $points -ge $((calls / stride / 2)) ] && [ $points -ge 10 ] || fail "only $points places were tried"
[ "$(sort -u digests | wc -l)" -eq 1 ] || fail "other images after kills: $(sort digests | uniq -c)"
echo "killed: at $points of $calls places, and built again"

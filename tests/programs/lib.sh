# What the tests of real programs share.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
make_workdir
km=$KONTAIN_SDK/bin/km
# shellcheck disable=SC2034
payloads=$KONTAIN_SOURCE/tests/programs/payloads

# run_both COMMAND [ARGUMENT...]: natively, then under km; stdout, stderr and status must be equal. The native output is
# left in native.out. Standard input is /dev/null, or the file $input.
run_both() {
  local native=0 ours=0
  "$@" <"${input:-/dev/null}" >native.out 2>native.err || native=$?
  "$km" "$@" <"${input:-/dev/null}" >km.out 2>km.err || ours=$?
  expect_equal "$ours" "$native" "status of $* ($(head -c 500 km.err))"
  cmp native.out km.out || fail "stdout differs: $*"
  diff native.err km.err || fail "stderr differs: $*"
}

# both_ways FUNCTION [ARGUMENT...]: calls the function twice, each time in a new empty folder of the same name. The array
# $run is what it puts before a program: a time limit of $limit seconds (120), the second time km as well. It must
# succeed, and print the same, errors included; the two folders are left as native/ and km/, what it printed as
# native.out and km.out. Background jobs end with the function; start them by ${run[@]} itself: a function in the
# background would be a shell in between, which gets the signals.
both_ways() {
  local way status
  for way in native km; do
    run=(timeout --kill-after=5 "${limit:-120}")
    [ "$way" = native ] || run+=("$km")
    rm -rf case "$way"
    mkdir case
    set +e
    (
      set -e
      cd case
      trap 'end_jobs' EXIT
      "$@"
    ) >"$way.out" 2>&1 </dev/null
    status=$?
    set -e
    mv case "$way"
    [ "$status" -eq 0 ] || fail "$* ($way): status $status
$(tail -n 40 "$way.out")"
  done
  [ -s native.out ] || fail "$*: printed nothing"
  diff native.out km.out || fail "$*: the output differs"
}

end_jobs() {
  local jobs
  jobs=$(jobs -p)
  # shellcheck disable=SC2086
  [ -z "$jobs" ] || kill $jobs 2>/dev/null || true
  wait
}

# free_port: a TCP port of 127.0.0.1 that nobody listens on.
free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_until COMMAND...: until it succeeds, for half a minute at least.
wait_until() {
  local i
  for ((i = 0; i < 300; ++i)); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  fail "gave up waiting for: $*"
}

# port_of FILE: waits for the line `port N` in a server's output and prints N.
port_of() {
  wait_until grep -q '^port [0-9]' "$1"
  sed -n 's/^port //p' "$1"
}

# expect_exit PID STATUS WHAT: waits for a background job.
expect_exit() {
  local status=0
  wait "$1" || status=$?
  expect_equal "$status" "$2" "status of $3"
}

# unpack_source PACKAGE VERSION: the upstream sources of a Debian package, in ./source.
unpack_source() {
  local folder archive
  folder=$("$KONTAIN_SOURCE/tools/dev/fetch-source.sh" "$1" "$2")
  archive=$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')
  mkdir source
  tar -xf "$archive" -C source --strip-components=1
}

# need_program PROGRAM...: skips where one is missing (it is no Debian package that ./dev can install).
need_program() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "there is no $program"
  done
}

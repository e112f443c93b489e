# What the tests of kontain's verbs share.
# shellcheck shell=bash disable=SC2034
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
make_workdir
kontain=$KONTAIN_SDK/bin/kontain
km=$KONTAIN_SDK/bin/km

# one_line_error TEXT: stderr of the last expect_status is one line that starts with `kontain: ` and contains TEXT.
one_line_error() {
  expect_equal "$(wc -l <err)" 1 "lines on stderr ($(cat err))"
  grep -q '^kontain: ' err || fail "not a message of kontain: $(cat err)"
  expect_contains err "$1"
}

# field PID KEY: of `kontain ps --json`.
field() { "$kontain" ps --json | jq -r --argjson pid "$1" '.[] | select(.pid == $pid) | .'"$2"; }

until_listed() {
  for _ in $(seq 200); do [ -z "$(field "$1" program)" ] || return 0; sleep 0.05; done
  fail "process $1 is not listed"
}

# name_server ADDRESS: sets $name_server to a process that answers every question there with 192.0.2.77.
name_server() {
  python3 "$KONTAIN_SOURCE/tests/cli/kontain/name_server.py" "$1" >names.log 2>&1 &
  name_server=$!
  for _ in $(seq 200); do ! grep -q listening names.log || return 0; sleep 0.05; done
  fail "no name server at $1: $(cat names.log)"
}

# host_resolvers FILE LINE...: what FILE, which has to be there, says from now on in this mount namespace.
host_resolvers() {
  local file=$1
  printf '%s\n' "${@:2}" >"resolvers.${file//\//-}"
  chmod 644 "resolvers.${file//\//-}"
  mount --bind "resolvers.${file//\//-}" "$file"
}

# gone PID: within ten seconds.
gone() {
  for _ in $(seq 200); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.05; done
  fail "process $1 is still there"
}

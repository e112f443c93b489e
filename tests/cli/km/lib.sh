# What the tests of km's command line share.
# shellcheck shell=bash disable=SC2034
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
make_workdir
km=$KONTAIN_SDK/bin/km

# payload NAME: compiles payloads/NAME.c to ./NAME.
payload() {
  "$KONTAIN_SDK/bin/kontain-gcc" -O1 -o "$1" "$KONTAIN_SOURCE/tests/cli/km/payloads/$1.c"
}

# one_line_error TEXT: stderr of the last expect_status is one line that starts with `km: ` and contains TEXT.
one_line_error() {
  expect_equal "$(wc -l <err)" 1 "lines on stderr ($(cat err))"
  grep -q '^km: ' err || fail "not a message of km: $(cat err)"
  expect_contains err "$1"
}

# helper_of PID: the host's thread that is neither the payload's first one nor the kernel's.
helper_of() {
  local task
  for task in "/proc/$1/task"/*; do
    [ "${task##*/}" = "$1" ] || grep -q '(kvm' "$task/stat" 2>/dev/null || echo "${task##*/}"
  done
}
until_served() {
  for _ in $(seq 200); do [ -z "$(helper_of "$1")" ] || return 0; sleep 0.05; done
  fail "no call server comes"
}

# What km prints about itself.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
expect_status 0 "$km" --version
grep -qE '^km [0-9]+\.[0-9]+\.[0-9]+ \([0-9a-f]{12}\)$' out || fail "version: $(cat out)"
expect_status 0 "$km" --help
expect_contains out "Usage: km [OPTION...] [--] PROGRAM [ARGUMENT...]"
expect_status 0 "$km" --syscalls
grep -qE '^ *0 +read +full' out || fail "no row for read"
expect_status 0 "$km" --syscalls=json
expect_equal "$(jq -r '.[] | select(.name == "openat") | .number' out)" 257 "openat in JSON"
expect_status 0 "$km" --self-test=json
grep -qE '^[AB]$' <(jq -r .recipe out) || fail "recipe: $(cat out)"
# A full disk is not a success.
status=0
"$km" --syscalls >/dev/full 2>/dev/null || status=$?
expect_equal "$status" 125 "status with a full output"

# --config FILE sets options by their names; the command line wins.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload hello
echo '{"trace": "writev", "randomize": false}' >km.json
expect_status 0 "$km" --config km.json ./hello
expect_contains err 'writev(1, '
expect_status 0 "$km" --config km.json --trace=exit_group ./hello
if grep -q '^writev' err; then fail "the command line did not win"; fi
echo '{"tracing": true}' >km.json
expect_status 125 "$km" --config km.json ./hello
one_line_error "km.json: tracing: unknown key"
echo '{"trace": ' >km.json
expect_status 125 "$km" --config km.json ./hello
one_line_error "line"
expect_status 125 "$km" --config missing.json ./hello
one_line_error missing.json
# The administrator's file comes first, and what it locks stays.
[ "$(id -u)" = 0 ] || skip "the rest puts a file in /etc/kontain, which needs root"
with_etc() { unshare -m sh -c 'mount -t tmpfs none /etc && mkdir /etc/kontain && cp "$1" /etc/kontain/km.json && shift && exec "$@"' sh "$@"; }
echo '{"trace": "writev", "randomize": true}' >etc.json
expect_status 0 with_etc etc.json "$km" ./hello
expect_contains err 'writev(1, '
expect_status 0 with_etc etc.json "$km" --trace=exit_group ./hello
if grep -q '^writev' err; then fail "the command line did not win over the administrator's file"; fi
echo '{"trace": "writev", "locked": ["trace"]}' >etc.json
expect_status 125 with_etc etc.json "$km" --trace=exit_group ./hello
one_line_error "lock"

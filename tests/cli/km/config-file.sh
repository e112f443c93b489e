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

# The monitor's descriptors cannot be seen, read or closed, and inherited ones are the payload's.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload closer
expect_status 0 "$km" ./closer
expect_equal "$(cat out)" "$(./closer)" "without inherited descriptors"
exec 5</dev/null 241</dev/null
expect_status 0 "$km" ./closer
./closer >native
expect_contains native "inherited, still running"
tail -n 1 native >wanted
tail -n 1 out >got
expect_equal "$(cat got)" "$(cat wanted)" "with inherited descriptors"

# The payload's status is km's.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload status
for status in 0 1 2 125 126 127 255; do
  expect_status "$status" "$km" ./status "$status"
  expect_equal "$(cat err)" "" "stderr"
done

# The payload has every descriptor it has natively, up to its own limit.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload descriptor_limit
for limit in 300 1024; do
  bash -c "ulimit -S -n $limit && exec ./descriptor_limit" </dev/null >native
  expect_status 0 bash -c 'ulimit -S -n "$1" && exec "$0" ./descriptor_limit' "$km" "$limit"
  expect_equal "$(cat out)" "$(cat native)" "with a soft limit of $limit"
done

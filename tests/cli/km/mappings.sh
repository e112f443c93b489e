# Mappings that come, change and go show what they should, natively and under km.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload mappings
ulimit -c 0
./mappings random 1000 1 >/dev/null || fail "the model is wrong natively"
for seed in 1 2 3; do
  expect_status 0 "$km" ./mappings random 1500 "$seed"
done
expect_status 0 "$km" ./mappings tables
expect_status 139 "$km" ./mappings freed
one_line_error "address not mapped): address 0x600000000000"
expect_status 0 "$km" ./mappings many 20000

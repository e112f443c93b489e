# Whatever a payload does to the monitor's guest pages by hand is its own SIGSEGV, never a failure of km.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload crash
ulimit -c 0
for what in halt port doorbell-write doorbell-wide doorbell-read doorbell-string system-page private-page stub-write \
  stub-return segments; do
  expect_status 139 timeout 20 "$km" ./crash "$what"
  one_line_error "./crash: killed by SIGSEGV"
done

# The host's vDSO serves the payload's clocks: no system call is seen.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
gcc -O1 -o clocks "$KONTAIN_SOURCE/tests/cli/km/payloads/clocks.c"
expect_status 0 "$km" --trace ./clocks
expect_equal "$(cat out)" read output
expect_contains err "exit_group(0)"
if grep -E '^(clock_gettime|gettimeofday|time|getcpu)\(' err; then fail "clocks left the guest"; fi

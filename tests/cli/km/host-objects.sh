# System V IPC, message queues, timers and waiting: the host's, and the same as natively.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload host_objects
./host_objects >native
expect_status 0 "$km" ./host_objects
expect_equal "$(cat out)" "$(cat native)" "what the calls answered"
expect_contains out "word: 7"

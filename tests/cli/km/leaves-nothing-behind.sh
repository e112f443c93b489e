# No process, temporary file or shared memory is left, neither after an end nor after a kill.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload hello
mkdir scratch
export TMPDIR=$workdir/scratch
before=$(ls /dev/shm 2>/dev/null || true)
expect_status 0 "$km" ./hello
"$km" /bin/busybox sleep 60 &
child=$!
sleep 0.3
kill -TERM "$child"
status=0
wait "$child" || status=$?
expect_equal "$status" 143 "status after SIGTERM"
expect_equal "$(ls scratch)" "" "temporary files"
expect_equal "$(ls /dev/shm 2>/dev/null || true)" "$before" "shared memory"
if [ -e "/proc/$child" ]; then fail "km is still there"; fi

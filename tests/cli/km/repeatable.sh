# --clock and --random-seed: the same bytes in every run, in threads, children and what they execute, by each way that
# calls reach the monitor, for programs of the SDK and others; without them nothing is the same.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload repeatable
gcc -O1 -pthread -o foreign "$KONTAIN_SOURCE/tests/cli/km/payloads/repeatable.c"
for program in repeatable foreign; do
  for calls in exit exitless patched; do
    expect_status 0 "$km" --calls=$calls --clock=1600000000.123456789 --random-seed=42 ./$program
    cp out $program.$calls
  done
  cmp $program.exit $program.exitless
  cmp $program.exit $program.patched
  # first, thread, two children, the spawned one, again, the executed one: each has the time, and bytes of its own.
  line=': 1600000000 1600000000.123456 1600000000123456789 [0-9a-f]{32}$'
  expect_equal "$(grep -cE "^(first|thread|child|spawned|again|executed)$line" $program.exit)" 7 "lines with the time"
  expect_equal "$(grep -oE '[0-9a-f]{32}$' $program.exit | sort -u | wc -l)" 10 "different bytes"
  expect_contains $program.exit "file: 1600000000 1600000000"
  expect_equal "$(wc -l <$program.exit)" 11 "lines (waits that were too long or short)"
  expect_status 0 "$km" --clock=1600000000.123456789 --random-seed=43 ./$program
  for who in first child executed; do
    if [ "$(grep "^$who:" out)" = "$(grep "^$who:" $program.exit)" ]; then fail "another seed gives the same bytes"; fi
  done
  # One without the other, and none.
  expect_status 0 "$km" --random-seed=42 ./$program
  expect_equal "$(grep -oE '[0-9a-f]{32}$' out)" "$(grep -oE '[0-9a-f]{32}$' $program.exit)" "bytes without the clock"
  if grep -q ' 1600000000 ' out; then fail "the clock stands without --clock"; fi
  expect_status 0 "$km" --clock=1600000000 ./$program
  expect_equal "$(grep -c ' 1600000000.000000 1600000000000000000 ' out)" 7 "lines with the time alone"
  if grep -qF "$(grep -oE '[0-9a-f]{32}$' $program.exit)" out; then fail "the seed counts without --random-seed"; fi
  expect_status 0 "$km" ./$program
  if grep -q ' 1600000000 ' out; then fail "the clock stands by itself"; fi
  cp out plain
  expect_status 0 "$km" ./$program
  if [ "$(grep ^first plain)" = "$(grep ^first out)" ]; then fail "two runs without options are the same"; fi
done

# Times of files: the order of whole seconds stays, none is younger than the clock's second.
touch -d '2001-01-01 UTC' old
touch recent
sleep 1.1
# shellcheck disable=SC2016
expect_status 0 "$km" --clock=1600000000 /bin/bash -c 'touch a; sleep 1.2; touch b; touch recent2 -r recent
  [ b -nt a ] && [ a -nt recent ] && [ recent -nt old ] && stat -c %Y old recent recent2 a b'
expect_equal "$(tr '\n' ' ' <out)" "978307200 1600000000 1600000000 1600000000 1600000000 " "times of files"

# Other sources of randomness; the UUIDs are of version 4.
# shellcheck disable=SC2016
script='read -r a </proc/sys/kernel/random/uuid; read -r b </proc/sys/kernel/random/uuid; echo "$a $b"
  dd if=/dev/urandom bs=10000 count=3 2>/dev/null | sha256sum; head -c 100 /dev/random | sha256sum
  cat /dev/urandom | head -c 5000 | sha256sum; mktemp -u /tmp/XXXXXXXXXX'
expect_status 0 "$km" --random-seed=1 /bin/bash -c "$script"
uuid='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
grep -qE "^$uuid $uuid\$" out || fail "no UUIDs: $(cat out)"
expect_equal "$(head -n 1 out | tr ' ' '\n' | sort -u | wc -l)" 2 "different UUIDs"
cp out once
expect_status 0 "$km" --random-seed=1 /bin/bash -c "$script"
cmp once out
expect_status 0 "$km" /bin/bash -c "$script"
expect_equal "$(comm -12 <(sort once) <(sort out) | wc -l)" 0 "lines that are the same without a seed"

# make sees which of two files is younger, and none that is younger than a clock that stands a millisecond on.
printf 'out2: in2\n\tcp in2 out2\nin2:\n\techo made >in2\n' >Makefile
expect_status 0 "$km" --clock=1600000000.001 /bin/bash -c 'make; make; sleep 1.1; touch in2; make'
expect_equal "$(grep -c '^cp in2' out)" 2 "copies that make made"
expect_contains out "make: 'out2' is up to date."
if [ -s err ]; then fail "make complains: $(cat err)"; fi

# Asynchronous reads of such a device would give bytes of the host's.
payload device_by_aio
for device in /dev/urandom /proc/sys/kernel/random/uuid /dev/zero; do
  expect_status 0 "$km" ./device_by_aio $device
  expect_equal "$(cat out)" "$(./device_by_aio $device)" "what becomes of $device without a seed"
  expect_status 0 "$km" --random-seed=1 ./device_by_aio $device
  cp out "$(basename $device)"
done
expect_equal "$(cat urandom)" "refused: Invalid argument" "what becomes of a device with a seed"
expect_equal "$(cat zero)" "read: 64" "what becomes of another device"

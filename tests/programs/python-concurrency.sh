# Debian's python3: threads, processes, an event loop, signals.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
part() { "${run[@]}" /usr/bin/python3 "$payloads/concurrency.py" "$1" 2>&1; }
for name in threads processes multiprocessing events signals; do
  both_ways part "$name"
  expect_contains native.out "$name ended"
done

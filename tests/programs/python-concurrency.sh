# Debian's python3: threads, processes, an event loop, signals.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
# km says in one line where a program was that ended by a fault.
part() {
  "${run[@]}" /usr/bin/python3 "$payloads/concurrency.py" "$1" 2>&1 | sed '/^km: .*: killed by SIGSEGV/d'
}
for name in threads processes multiprocessing events signals; do
  both_ways part "$name"
  expect_contains native.out "$name ended"
done

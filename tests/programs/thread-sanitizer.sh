# A program with ThreadSanitizer wants addresses that are the monitor's (docs/compatibility.md): it says so and ends,
# as it does natively where it cannot have them.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
cat >two-threads.cc <<'C'
#include <cstdio>
#include <thread>
int main() {
  std::thread other([] { std::puts("ran"); });
  other.join();
}
C
g++ -fsanitize=thread -o two-threads two-threads.cc
status=0
"$km" ./two-threads >out 2>err || status=$?
[ "$status" -ne 0 ] || fail "it ran: take it out of tests/conformance/limits.txt"
[ "$status" -lt 125 ] || [ "$status" -gt 128 ] || fail "status $status: not the program's own"
grep -qE 'ThreadSanitizer: |MemorySanitizer: ' err || fail "no message of the program: $(cat err)"

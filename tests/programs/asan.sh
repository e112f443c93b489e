# A program with AddressSanitizer, whose shadow is 16 TiB: it works, and it finds the same faults. Finding leaks needs
# ptrace, which a payload does not have.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
g++ -std=c++20 -g -O1 -fsanitize=address,undefined -fno-omit-frame-pointer -pthread -o faulty "$payloads/faulty.cc"
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
faulty() {
  local status=0
  "${run[@]}" ../faulty "$1" >out 2>&1 || status=$?
  # Addresses, ids and registers differ from run to run.
  sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/==[0-9]+==/==PID==/; s/pc .*//; s/\(BuildId.*//; /^ *(=>)?ADDRESS/d' out |
    grep -vE '^(r[a-z0-9]+ = |Register values)' |
    grep -vE '^Thread T[0-9]+ created'
  echo "status $status"
}
for fault in none threads overflow use-after-free stack double-free null undefined out-of-memory use-after-scope; do
  both_ways faulty "$fault"
done
both_ways faulty overflow
expect_contains km.out "heap-buffer-overflow"
expect_contains km.out "status 1"

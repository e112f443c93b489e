# The address that the attacks aim at is memory of the monitor, and not of the payload: else none of them could fail.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
make_workdir
[ "$(id -u)" = 0 ] || skip "only root can look at the monitor's mappings"
setarch -R true 2>/dev/null || skip "addresses cannot be fixed here (personality)"
PADDING=$(printf '%09000d' 0)
export PADDING
mkfifo fifo
printf 'int main(void) { char byte; return __builtin_printf("up\\n"), __builtin_fflush(0), read(0, &byte, 1); }' >wait.c
gcc -w -static -include stdio.h -include unistd.h -D__builtin_fflush=fflush -o wait wait.c
setarch -R "$KONTAIN_SDK/bin/km" ./wait <fifo >out &
monitor=$!
exec 3>fifo
for _ in $(seq 100); do
  grep -q up out && break
  sleep 0.05
done
target=$((16#$(sed -n 's/.*uint64_t target = 0x\([0-9a-f]*\),.*/\1/p' "$KONTAIN_SOURCE/tests/security/attack.h")))
area=$(awk '/\[stack\]/ { print }' "/proc/$monitor/maps")
range=${area%% *}
bytes=$(dd if="/proc/$monitor/mem" bs=1 skip="$target" count=16 2>/dev/null)
exec 3>&-
wait "$monitor" || true
if [ $((16#${range%-*})) -gt "$target" ] || [ "$target" -ge $((16#${range#*-})) ]; then
  fail "the target is not in the stack of the monitor: $area"
fi
expect_equal "$bytes" 0000000000000000 "the environment's padding at the target"

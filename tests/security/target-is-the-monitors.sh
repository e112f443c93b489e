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
# The host calls the payload's stack [stack] (prctl(PR_SET_MM)): the monitor's is what lies at the target, above all guest
# memory.
guest_top=$((16#6f0000000000))
area=
while read -r range rest; do
  if [ $((16#${range%-*})) -le "$target" ] && [ "$target" -lt $((16#${range#*-})) ]; then area="$range $rest"; fi
done <"/proc/$monitor/maps"
bytes=$(dd if="/proc/$monitor/mem" bs=1 skip="$target" count=16 2>/dev/null)
exec 3>&-
wait "$monitor" || true
[ -n "$area" ] || fail "nothing is mapped at the target"
[ "$target" -ge "$guest_top" ] || fail "the target is in the payload's part: $area"
expect_equal "$bytes" 0000000000000000 "the environment's padding at the target"

# Running kontainers are seen with what they use, and ended.
. "$KONTAIN_SOURCE/tests/cli/kontain/lib.sh"
if [ "$(id -u)" = 0 ]; then folder=/run/kontain; else folder=/run/user/$(id -u)/kontain; fi
[ -w "${folder%/*}" ] || skip "${folder%/*} cannot be written"

# None of them outlives the test by much, also when nothing of the test is executed any more: each ends by itself.
end_all() {
  local pid
  for pid in $(jobs -p); do "$kontain" kill "$pid" >/dev/null 2>&1 || true; done
  cd /
  rm -rf "$workdir"
}
trap end_all EXIT
trap 'exit 143' INT TERM

# A tree of two, one of which works.
"$km" /bin/bash -c 'while [ $SECONDS -lt 110 ]; do :; done & wait' &
busy=$!
until_listed "$busy"
for _ in $(seq 100); do [ "$(field "$busy" processes)" != 2 ] || break; sleep 0.05; done
expect_equal "$(field "$busy" processes)" 2 processes
expect_equal "$(field "$busy" program)" /bin/bash program
expect_equal "$(field "$busy" user)" "$(id -u)" user
expect_equal "$(field "$busy" km_version)" "$("$kontain" version | cut -d' ' -f2)" version
[ "$(field "$busy" memory_bytes)" -gt 1000000 ] || fail "no memory: $(field "$busy" memory_bytes)"
age=$(($(date +%s%3N) - $(field "$busy" started_ms)))
[ "$age" -ge 0 ] && [ "$age" -lt 60000 ] || fail "age: $age ms"
expect_status 0 "$kontain" ps
grep -qE "^$busy +- +/bin/bash +running +$(id -u) +2 " out || fail "no line for $busy: $(cat out)"
expect_status 0 "$kontain" ps -q
grep -qx "$busy" out || fail "not among the quiet: $(cat out)"

expect_status 0 "$kontain" stats --json --interval 0.5 --count 2 "$busy"
expect_equal "$(wc -l <out)" 2 "reports"
expect_equal "$(tail -n 1 out | jq -r '.[0].cpu_percent > 5 and .[0].cpu_percent < 250')" true "busy: $(cat out)"
expect_equal "$(jq -s -r '.[1][0].memory_bytes > 1000000' out)" true "memory in stats"
expect_status 125 "$kontain" stats --count 1 nobody
one_line_error "nobody: is no running kontainer"

# The whole tree ends, by SIGTERM where that is enough.
worker=$(pgrep -P "$busy" | head -n 1)
expect_status 0 "$kontain" stop -t 5 "$busy"
wait "$busy" || true
gone "$worker"
expect_equal "$(field "$busy" program)" "" "after stop"

# One that does not listen is killed with its children, those too that it makes meanwhile.
seconds=110.$$
"$km" /bin/bash -c 'trap "" TERM; /bin/sleep '$seconds' & while [ $SECONDS -lt 110 ]; do sleep '$seconds'; done' &
stubborn=$!
until_listed "$stubborn"
for _ in $(seq 100); do [ "$(field "$stubborn" processes)" -lt 3 ] || break; sleep 0.05; done
children=$(pgrep -P "$stubborn")
expect_status 0 "$kontain" stop --time 0 "$stubborn"
wait "$stubborn" || true
for child in $children; do gone "$child"; done
left=$(pgrep -f "[s]leep $seconds" | xargs || true)
[ -z "$left" ] || { xargs kill -9 <<<"$left"; fail "a child is left: $left"; }

# A signal of choice.
"$km" /bin/bash -c 'trap "exit 42" USR1; echo ready; while [ $SECONDS -lt 110 ]; do /bin/sleep 0.1; done' >ready &
polite=$!
until_listed "$polite"
for _ in $(seq 200); do [ ! -s ready ] || break; sleep 0.05; done
expect_status 0 "$kontain" kill -s USR1 "$polite"
status=0
wait "$polite" || status=$?
expect_equal "$status" 42 "the handler's status"
expect_status 125 "$kontain" kill -s NOTHING 1
one_line_error "signal: NOTHING: there is no such signal"
expect_status 125 "$kontain" stop $$
one_line_error "$$: is no running kontainer"

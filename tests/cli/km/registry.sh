# People find what runs: a kontainer is listed as long as one of its processes lives.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
if [ "$(id -u)" = 0 ]; then folder=/run/kontain; else folder=/run/user/$(id -u)/kontain; fi
[ -w "${folder%/*}" ] || skip "${folder%/*} cannot be written"
entry_of() { grep -ls "\"pid\":$1," "$folder"/*.json || true; }
is_locked() { ! flock --nonblock "$1" true; }
until_listed() {
  for _ in $(seq 200); do [ -z "$(entry_of "$1")" ] || return 0; sleep 0.05; done
  fail "process $1 is not listed"
}

"$km" /bin/sleep 60 &
child=$!
until_listed "$child"
entry=$(entry_of "$child")
expect_contains "$entry" '"program":"/bin/sleep"'
expect_equal "$(stat -c %a "$entry")" 600 "mode of the entry"
is_locked "$entry" || fail "a living kontainer's entry is not locked"
# Killed, it leaves a stale file; the next start removes that, and itself when it ends.
kill -KILL "$child"
wait "$child" || true
expect_equal "$(is_locked "$entry" || echo stale)" stale "the entry after a kill"
expect_status 0 "$km" /bin/true
[ ! -e "$entry" ] || fail "a stale entry stays"

# The process that was started has become another program, and then its child outlives it: one entry all the time.
mkfifo gate
"$km" /bin/sh -c 'exec /bin/sh -c "/bin/cat gate & echo \$\$"' >out &
child=$!
wait "$child"
entry=$(entry_of "$child")
[ -n "$entry" ] || fail "the entry has gone with the first process"
is_locked "$entry" || fail "nobody holds the entry of a living tree"
echo >gate
for _ in $(seq 200); do is_locked "$entry" || break; sleep 0.05; done
if is_locked "$entry"; then fail "the entry is still locked"; fi
rm -f "$entry"

# A process that never forked takes its entry along, whatever it has executed.
"$km" /bin/sh -c 'exec /bin/true' &
child=$!
wait "$child"
expect_equal "$(entry_of "$child")" "" "the entry after the end"

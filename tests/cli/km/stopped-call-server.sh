# A call server that is stopped alone, between two calls, does not stop the payload: its calls take exits. One stopped in
# the middle of a call holds up that call, as a debugger would, until it goes on.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload counting-calls
mkfifo go stay
trap 'exec 3>&- 4>&-; rm -rf "$workdir"' EXIT

"$km" --calls=exitless ./counting-calls 2000 <go >out &
child=$!
exec 3>go
echo >&3
until_served "$child"
helper=$(helper_of "$child")

# progress: it has made a thousand calls more within a second.
progress() {
  local before
  before=$(wc -l <out)
  for _ in $(seq 20); do
    [ "$(wc -l <out)" -lt $((before + 2)) ] || return 0
    sleep 0.05
  done
  return 1
}

is_held=
for _ in $(seq 20); do
  python3 "$KONTAIN_SOURCE/tests/cli/km/stop_thread.py" "$helper" <stay >stopped 3>&- &
  tracer=$!
  exec 4>stay
  for _ in $(seq 100); do
    grep -q stopped stopped && break
    kill -0 "$tracer" 2>/dev/null || break
    sleep 0.02
  done
  if ! grep -q stopped stopped; then
    exec 4>&- 3>&-
    wait "$child"
    wait "$tracer" || [ $? != 77 ] || skip "ptrace is not allowed"
    fail "the server cannot be stopped"
  fi
  if progress; then
    is_held=yes
    break
  fi
  exec 4>&-
  wait "$tracer"
  progress || fail "the payload does not go on with its server"
done
[ -n "$is_held" ] || fail "each time the server stops, the payload does"
# To the end without it. A process whose thread is traced is not gone before the tracer has seen that.
exec 3>&-
for _ in $(seq 400); do [ "$(tail -n 1 out)" != "done" ] || break; sleep 0.05; done
expect_equal "$(tail -n 1 out)" "done" "the payload's last word"
exec 4>&-
wait "$child" || fail "status $?"
wait "$tracer" || true

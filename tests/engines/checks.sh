# Checks that are made with several runtimes, one after another, and compared. Sourced behind common.sh and node.sh.
# shellcheck shell=bash disable=SC2034
# shellcheck source=tests/krun/engine.sh
. "$KONTAIN_SOURCE/tests/krun/engine.sh"

krun_path=$KONTAIN_SDK/bin/krun

# check NAME COMMAND...: one line to the file `results` and to stdout. A function ends at its first failing command.
# tidy, which each engine's file defines, then removes what the check left in the engine.
check() {
  local name=$1 status
  shift
  set +e
  (
    set -e
    "$@"
  ) >check.out 2>&1 </dev/null
  status=$?
  set -e
  if [ "$status" -eq 0 ]; then
    echo "ok $name" | tee -a results
  else
    echo "not ok $name (status $status)" | tee -a results
    head -n 12 check.out | sed 's/^/    /'
  fi
  tidy >/dev/null 2>&1 || true
}

# status N COMMAND...: it ends with N.
status() {
  local wanted=$1 got=0
  shift
  "$@" || got=$?
  [ "$got" -eq "$wanted" ] || { echo "status $got instead of $wanted"; return 1; }
}

# says TEXT COMMAND...: it succeeds, and its output has TEXT.
says() {
  local text=$1 out
  shift
  out=$("$@" 2>&1) || { echo "status $?: $out"; return 1; }
  [[ $out == *"$text"* ]] || { echo "'$text' is not in: $out"; return 1; }
}

# fails_saying TEXT COMMAND...: it fails, and its output has TEXT.
fails_saying() {
  local text=$1 out
  shift
  if out=$("$@" 2>&1); then echo "it did not fail: $out"; return 1; fi
  [[ $out == *"$text"* ]] || { echo "'$text' is not in: $out"; return 1; }
}

# on_tty COMMAND...: with a terminal of 33 rows and 77 columns for its standard streams.
on_tty() { script -qec "stty rows 33 cols 77; $(printf '%q ' "$@")" /dev/null; }

# everything_is_km PID AT_LEAST: each process in the pid namespace of PID executes the bytes of this SDK's km. What is
# becoming one is krun for some milliseconds, and is looked at again.
everything_is_km() {
  local namespace process seen=0
  namespace=$(readlink "/proc/$1/ns/pid") || { echo "there is no process '$1'"; return 1; }
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/ns/pid" 2>/dev/null)" = "$namespace" ] || continue
    cmp -s "$process/exe" "$krun_path" && sleep 1
    if ! cmp -s "$process/exe" "$KONTAIN_SDK/bin/km"; then
      [ -e "$process/exe" ] || continue # it has ended
      echo "no km: ${process#/proc/} $(readlink "$process/exe") $(tr '\0' ' ' <"$process/cmdline")"
      return 1
    fi
    seen=$((seen + 1))
  done
  [ "$seen" -ge "$2" ] || { echo "only $seen processes"; return 1; }
}

# with_runtimes "NAME..." COMMAND...: all of COMMAND's checks with each runtime ($runtime), counted and compared: what
# passes with another one passes with krun.
with_runtimes() {
  local names=$1 other lost="" start
  local -A took
  shift
  for runtime in $names; do
    : >results
    echo "== $runtime"
    start=$SECONDS
    "$@"
    took[$runtime]=$((SECONDS - start))
    mv results "results.$runtime"
  done
  for runtime in $names; do
    echo "$runtime: $(grep -c '^ok ' "results.$runtime") of $(wc -l <"results.$runtime") checks pass, ${took[$runtime]} s"
  done
  [ -f results.krun ] || return 0
  for other in $names; do
    [ "$other" = krun ] || lost+=$(lost_checks "results.$other" results.krun)
  done
  [ -z "$lost" ] || fail "passes with another runtime and not with krun:$lost"
  grep -q '^ok ' results.krun || fail "nothing passes with krun"
}

# lost_checks THEIRS OURS: ` NAME;` for each that passes in the one and not in the other.
lost_checks() {
  sed -n 's/^ok //p' "$1" | while read -r name; do
    grep -qxF "ok $name" "$2" || printf ' %s;' "$name"
  done
}

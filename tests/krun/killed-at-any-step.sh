#!/bin/bash
# krun is killed before each of its system calls in turn, through create, start, exec and delete (strace's injection):
# whatever it leaves can be deleted, and nothing remains. KRUN_STRIDE=N takes every Nth call only.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
command -v strace >/dev/null || skip "there is no strace"
make_bundle
arguments sleep 100
stride=${KRUN_STRIDE:-12}
program=$KONTAIN_SDK/bin/krun
points=0

# prepare VERB: what has to be there before it.
prepare() {
  [ "$1" = create ] || krun create -b b "$id" </dev/null >/dev/null 2>&1
  [ "$1" = create ] || [ "$1" = start ] || krun start "$id"
}

words_of() {
  case $1 in
    create) echo "create -b b $id" ;;
    start) echo "start $id" ;;
    exec) echo "exec $id true" ;;
    delete) echo "delete -f $id" ;;
  esac
}

# traced OUTPUT OPTIONS... -- VERB
traced() {
  local output=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1") && shift; done
  # shellcheck disable=SC2046
  timeout -k 2 60 strace -qq -o "$output" "${options[@]}" "$program" --root "$workdir/state" $(words_of "$2") \
    </dev/null >traced.log 2>&1
}

no_process() { ! pgrep -f -- "$id\$" >/dev/null; }

# nothing_left WHERE
nothing_left() {
  krun delete -f "$id" >delete.log 2>&1 || fail "$1: delete: $(cat delete.log)"
  [ ! -e "state/$id" ] || fail "$1: the state is left: $(ls "state/$id")"
  [ -z "$(find /sys/fs/cgroup -maxdepth 3 -name "$id")" ] || fail "$1: a cgroup is left"
  in_time no_process || fail "$1: a process is left: $(pgrep -af -- "$id\$")"
}

# started_or_startable WHERE: a start that was killed has either begun the container or can be repeated.
started_or_startable() {
  local status
  # What was written to the container's process is taken sooner or later.
  for _ in 1 2 3; do
    status=$(krun state "$id" | jq -r .status)
    [ "$status" = created ] || break
    sleep 0.1
  done
  [ "$status" = running ] || krun start "$id" 2>start.log || fail "$1: is $status, and cannot be started: $(cat start.log)"
}

# Each line of the file is "NAME COUNT" for the calls a whole VERB makes.
count_calls() {
  id=$tag-$1
  prepare "$1"
  traced calls -- "$1" || fail "$1: $(cat traced.log)"
  nothing_left "$1"
  sed -nE 's/^([a-z_0-9]+)\(.*/\1/p' calls | sort | uniq -c | awk '{ print $2, $1 }' >"calls.$1"
  [ "$(wc -l <"calls.$1")" -gt 5 ] || fail "$1: strace saw nothing"
}

number=0
for verb in create start exec delete; do
  count_calls $verb
  while read -r call count <&3; do
    [ "$call" != exit_group ] && [ "$call" != execve ] || continue
    for when in $(seq "$count"); do
      number=$((number + 1))
      # start's unlink(2) always: the container runs already and the FIFO is still there.
      [ $((number % stride)) -eq 0 ] || [ "$verb $call" = "start unlink" ] || continue
      id=$tag-$verb-$call-$when
      prepare $verb
      traced /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$when" -- $verb || true
      [ $verb != start ] || started_or_startable "start killed at $call number $when"
      nothing_left "$verb killed at $call number $when"
      points=$((points + 1))
    done
  done 3<"calls.$verb"
done
[ $points -ge 20 ] || fail "only $points places were tried"
echo "killed at $points of $number places, and deleted"

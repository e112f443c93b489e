# With little processor time, or no room for one more thread, calls are made all the same.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload many-calls
payload counting-calls

# in_cgroup CONTROLLER FILE=VALUE...: makes $cgroup with these settings; false where that cannot be done.
in_cgroup() {
  local controller=$1 base=/sys/fs/cgroup/$1 setting
  shift
  [ -d "$base" ] || base=/sys/fs/cgroup
  cgroup=$base/kontain-test-$$-$controller
  mkdir "$cgroup" 2>/dev/null || return 1
  cgroups+=("$cgroup")
  for setting in "$@"; do
    [ -e "$cgroup/${setting%%=*}" ] || continue
    echo "${setting#*=}" >"$cgroup/${setting%%=*}" || return 1
  done
}
cgroups=()
trap 'rmdir "${cgroups[@]}" 2>/dev/null; rm -rf "$workdir"' EXIT

in_cgroup cpu cpu.cfs_period_us=100000 cpu.cfs_quota_us=20000 "cpu.max=20000 100000" || skip "no cgroup can be made"
[ -e "$cgroup/cpu.cfs_quota_us" ] || [ -e "$cgroup/cpu.max" ] || skip "no cpu controller"
for calls in auto exitless; do
  (echo "$BASHPID" >"$cgroup/cgroup.procs" && exec "$km" --calls=$calls ./many-calls 400000) >out
  expect_equal "$(cat out)" "400000 calls" "throttled, --calls=$calls"
done
grep -qE '^nr_throttled [1-9]' "$cgroup/cpu.stat" || fail "never throttled: $(cat "$cgroup/cpu.stat")"

in_cgroup pids || skip "no cgroup can be made"
[ -e "$cgroup/pids.max" ] || skip "no pids controller"
mkfifo go
(echo "$BASHPID" >"$cgroup/cgroup.procs" && exec "$km" --calls=exitless ./counting-calls 3000) <go >out &
child=$!
exec 3>go
# It waits for a byte; from now on there is no room for a server.
until grep -q counting-calls "/proc/$child/comm"; do sleep 0.05; done
echo 1 >"$cgroup/pids.max"
echo >&3
until [ -s out ]; do sleep 0.05; done
expect_equal "$(helper_of "$child")" "" "a server beyond the limit"
exec 3>&-
wait "$child" || fail "status $?"
expect_equal "$(tail -n 1 out)" "done" "the payload's last word"

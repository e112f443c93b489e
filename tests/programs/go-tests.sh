# Go's own tests of the packages that ask the kernel for something, in their short form, natively and under km, test by
# test: what passes natively has to pass under km, but for what `known` names. GO_TESTS names packages to run instead.
# Results and output are left in build/full/go-tests.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
[ "$(id -u)" = 0 ] || skip "the tests get a network of their own, which needs root"
go=/usr/bin/go
export GOCACHE=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/go-build GO111MODULE=off GOPATH=$workdir/go GOFLAGS=-p=2
sources=$("$go" env GOROOT)/src
kept=$KONTAIN_SOURCE/build/full/go-tests
mkdir -p "$kept"
packages=${GO_TESTS:-os os/exec os/signal os/user syscall internal/poll net sync path/filepath runtime/pprof net/http runtime}
declare -A known=(
  [runtime:TestGdbBacktrace]="gdb needs ptrace" [runtime:TestGdbPanic]="gdb needs ptrace"
  [runtime:TestGdbPython]="gdb needs ptrace" [runtime:TestGdbPythonCgo]="gdb needs ptrace"
  [runtime:TestLockOSThreadAvoidsStatePropagation]="skipped: it wants unshare(CLONE_FS)"
  [net/http:TestLinuxSendfile]="skipped: it looks with strace, which needs ptrace"
)

# results_of WAY PACKAGE BINARY [MONITOR]: its results, a line "PASS NAME" each.
results_of() {
  local log=$kept/${2//\//_}.$1.log status=0
  (
    cd "$sources/$2"
    # shellcheck disable=SC2016
    timeout --kill-after=10 700 unshare --net bash -c 'ip link set lo up && exec "$@"' sh "${@:4}" "$3" -test.v -test.short
  ) >"$log" 2>&1 </dev/null || status=$?
  case $status in 124 | 137) echo "$2: its tests do not end ($1)" >&2; return 1 ;; esac
  sed -nE 's/^ *--- (PASS|FAIL|SKIP): ([^ ]+) \([0-9.]+s\)$/\1 \2/p' "$log" | LC_ALL=C sort -u
}

worse=0 passed_natively=0 passed_in_vm=0
for package in $packages; do
  "$go" test -c -o package.test "$package"
  results_of native "$package" "$PWD/package.test" >native.results
  results_of km "$package" "$PWD/package.test" "$km" >km.results
  natively=$(grep -c ^PASS native.results) || fail "$package: nothing passes natively"
  in_vm=$(grep -c ^PASS km.results || true)
  echo "$package: $natively passed natively, $in_vm under km"
  passed_natively=$((passed_natively + natively)) passed_in_vm=$((passed_in_vm + in_vm))
  while read -r name; do
    reason=${known[$package:$name]:-}
    echo "$package: worse under km than natively: $name${reason:+ (known: $reason)}"
    [ -n "$reason" ] || worse=$((worse + 1))
  done < <(LC_ALL=C comm -23 <(sed -n 's/^PASS //p' native.results) <(sed -n 's/^PASS //p' km.results))
done
echo "Go's own tests: $passed_natively passed natively, $passed_in_vm under km"
[ $worse -eq 0 ] || fail "$worse tests are worse under km"

# attack.sh NAME: compiles the attack NAME.c, runs it natively and under km. What must come out natively is said in the
# file's head ("// natively: broke" or "held"): an attack that cannot succeed natively could not fail under km either.
# Other words of the head: "// calls: exitless" (km's option), "// inherits: forbidden descriptors", "// helper: send" (a second, native process).
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
make_workdir
name=$1
source=$KONTAIN_SOURCE/tests/security/$name.c
km=$workdir/bin/km  # a copy: an attack that succeeds must not spoil the SDK
mkdir bin native km
cp "$KONTAIN_SDK/bin/km" "$km"
canary="canary-5e1f0b7d"
PADDING=$(printf '%09000d' 0)  # more than a page of strings at the top of every initial stack
export PADDING
ulimit -c 0
setarch -R true 2>/dev/null || skip "addresses cannot be fixed here (personality)"
gcc -std=gnu11 -O1 -Wall -Werror -Wno-nonnull -static -pthread -o attack "$source"

head_has() { head -n 16 "$source" | grep -q "^// $1"; }

# run FOLDER COMMAND...: in FOLDER, with a helper or inherited descriptors when the attack wants them; sets $status.
run() {
  local folder=$1 helper=
  shift
  cp attack "$folder/attack"
  cd "$workdir/$folder"
  if head_has "helper: send"; then
    timeout 200 ./attack send &
    helper=$!
  fi
  status=0
  if head_has "inherits: forbidden descriptors"; then
    setarch -R timeout -s KILL 120 "$@" >"../$folder.out" 2>"../$folder.err" 7<>/dev/kvm 8</proc/self/mem || status=$?
  else
    setarch -R timeout -s KILL 120 "$@" >"../$folder.out" 2>"../$folder.err" </dev/null || status=$?
  fi
  [ -z "$helper" ] || kill "$helper" 2>/dev/null || true
  [ -z "$helper" ] || wait "$helper" 2>/dev/null || true
  cd "$workdir"
}

state_of_km() { sha256sum "$km" && stat -c '%a %u %g %h %Y' "$km"; }

run native ./attack
[ "$status" != 77 ] || skip "natively: $(cat native.out)"
if head_has "natively: broke"; then
  [ "$status" -eq 1 ] || fail "natively the attack has to succeed, but: status $status, $(cat native.out native.err)"
else
  [ "$status" -eq 0 ] || fail "natively: status $status, $(cat native.out native.err)"
fi

before=$(state_of_km)
calls="exit"
! head_has "calls: exitless" || calls="exitless"
run km "$km" --calls="$calls" --trace=getcpu --trace-file="$workdir/$canary" ./attack
[ "$(state_of_km)" = "$before" ] || fail "km itself was changed: $(state_of_km), before: $before"
! grep -q "$canary" km.out || fail "the attack found the monitor's secret: $(cat km.out)"
! grep -q "km: .*invariant" km.err || fail "the monitor failed: $(cat km.err)"
[ "$(wc -l <km.err)" -le 64 ] || fail "the monitor floods its log: $(wc -l <km.err) lines, $(head -n 3 km.err)"
case $status in
  0) expect_equal "$(tail -n 1 km.out)" held "the attack's last word" ;;
  77) skip "under km: $(tail -n 1 km.out)" ;;
  *) fail "under km: status $status, $(tail -n 5 km.out km.err)" ;;
esac

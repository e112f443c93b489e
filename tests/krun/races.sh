#!/bin/bash
# Somebody changes the image, or the container, while krun works on it: CVE-2016-9962, 2019-5736, 2021-30465 and
# 2024-21626 against the clock, and verbs against each other. KRUN_ROUNDS=N tries each N times.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
rounds=${KRUN_ROUNDS:-3}
edit '.root.readonly=false'
cp b/config.json plain.json
mkdir outside
echo secret >outside/secret
mkdir b/rootfs/race
racers=()
stop_racers() {
  local racer
  for racer in "${racers[@]}"; do
    kill "$racer" 2>/dev/null || continue
    wait "$racer" 2>/dev/null || true
  done
  racers=()
}
trap 'stop_racers; remove_bundle' EXIT

# exchange A B: two names in the root file system, as often as it goes, until stop_racers. It says how often in `turns`.
exchange() {
  python3 - "$1" "$2" <<'P' &
import ctypes, os, signal, sys
libc = ctypes.CDLL(None)
first, second = (name.encode() for name in sys.argv[1:])
turns = 0
def end(*_):
    with open("turns", "w") as file:
        file.write(str(turns))
    os._exit(0)
signal.signal(signal.SIGTERM, end)
while os.getppid() != 1:
    turns += libc.syscall(316, -100, first, -100, second, 2) == 0  # renameat2, RENAME_EXCHANGE
P
  racers+=($!)
}
raced() {
  stop_racers
  [ "$(cat turns)" -gt $((rounds * 10)) ] || fail "$1: the racer made only $(cat turns) exchanges"
}

# tried SCRIPT WHAT: the container runs SCRIPT $rounds times, if it can be made; it shows and makes nothing of the host.
tried() {
  local i
  arguments sh -c "$1"
  : >seen
  for i in $(seq "$rounds"); do krun run -b b "$tag-$i" >>seen 2>>errors || true; done
  if grep -q secret seen; then fail "the host was seen: $2"; fi
  [ "$(ls outside)" = secret ] || fail "something was made on the host: $2"
}

look='cat /race/secret /race/in/secret secret 2>/dev/null; ls /race; pwd'
for bait in "$workdir/outside" "../../../../../../../..$workdir/outside" /proc/1/root"$workdir"/outside; do
  ln -sfn "$bait" b/rootfs/bait
  for change in \
    '.mounts += [{"destination":"/race/in","type":"tmpfs","source":"tmpfs"}]' \
    '.mounts += [{"destination":"/race","type":"tmpfs","source":"tmpfs","options":["tmpcopyup"]}]' \
    '.mounts += [{"destination":"/race/file","type":"bind","source":"/etc/hostname","options":["bind"]}]' \
    '.process.cwd="/race/new"' \
    '.linux.maskedPaths += ["/race/secret"] | .linux.readonlyPaths += ["/race"]' \
    '.linux.devices=[{"path":"/race/null","type":"c","major":1,"minor":3}]'; do
    cp plain.json b/config.json
    edit "$change"
    rm -rf b/rootfs/race && mkdir b/rootfs/race
    exchange b/rootfs/race b/rootfs/bait
    tried "$look" "$change with $bait"
    raced "$change"
    # Whichever of the two is the folder now.
    [ -L b/rootfs/bait ] || { rm -rf b/rootfs/race b/rootfs/bait && mkdir b/rootfs/race && ln -sfn "$bait" b/rootfs/bait; }
  done
done

# 2024-21626: the working folder becomes a link to a descriptor.
cp plain.json b/config.json
for number in 3 5 7 9; do
  ln -sfn /proc/self/fd/$number b/rootfs/bait
  rm -rf b/rootfs/race && mkdir b/rootfs/race
  edit '.process.cwd="/race"'
  exchange b/rootfs/race b/rootfs/bait
  tried 'cat ../../../../../../../outside/secret outside/secret; for i in 1 2 3 4 5 6; do cd ..; cat outside/secret; done; true' "descriptor $number"
  raced "descriptor $number"
  [ -L b/rootfs/bait ] || { rm -rf b/rootfs/race b/rootfs/bait && mkdir b/rootfs/race; }
done
rm -f b/rootfs/bait
cp plain.json b/config.json

# 2016-9962 and 2019-5736: inside, with all capabilities, everything is tried on each process as it comes.
edit '.process.capabilities[]=$all' --argjson all "$("$KONTAIN_SDK/bin/krun" features | jq .linux.capabilities)"
arguments sh -c 'while :; do for p in /proc/[0-9]*; do
  ls -l $p/fd/ $p/root/ $p/cwd/ 2>/dev/null | grep -E "secret|memfd|kvm|outside|state" && echo seen >>/data/leak
  (exec 9>>$p/exe && echo >&9) 2>/dev/null && echo written >>/data/leak
  (cat $p/mem $p/environ | grep -q . ) 2>/dev/null && [ $p != /proc/$$ ] && [ -d $p/task/${p#/proc/} ] && grep -qz KM_HANDOVER $p/environ && echo read >>/data/leak
done; done'
sum=$(sha256sum <"$KONTAIN_SDK/bin/km")
expect_status 0 krun create -b b "$tag-c" </dev/null
expect_status 0 krun start "$tag-c"
for _ in $(seq $((rounds * 3))); do expect_status 0 krun exec "$tag-c" true 7<outside/secret; done
expect_status 0 krun delete -f "$tag-c"
[ ! -e b/rootfs/data/leak ] || fail "of the runtime: $(sort b/rootfs/data/leak | uniq -c)"
expect_equal "$(sha256sum <"$KONTAIN_SDK/bin/km")" "$sum" "the monitor's file"

# Verbs against each other: one of two starts wins, and whatever ends first, nothing is left.
cp plain.json b/config.json
arguments sleep 100
for i in $(seq "$rounds"); do
  id=$tag-v$i
  for n in 1 2; do { if krun create -b b "$id" </dev/null >"create.$n" 2>&1; then echo made >>"create.$n"; fi; } & done
  wait
  expect_equal "$(cat create.1 create.2 | grep -c '^made$')" 1 "two creates of one name"
  for n in 1 2; do { if krun start "$id" >"start.$n" 2>&1; then echo started >>"start.$n"; fi; } & done
  wait
  expect_equal "$(cat start.1 start.2 | grep -c '^started$')" 1 "two starts"
  for verb in "exec $id true" "kill $id KILL" "delete -f $id" "delete -f $id" "state $id" "pause $id" "ps $id"; do
    # shellcheck disable=SC2086
    krun $verb >/dev/null 2>&1 </dev/null &
  done
  wait
  krun delete -f "$id" >/dev/null 2>&1 || true
  [ ! -e "state/$id" ] || fail "the state is left"
  [ -z "$(find /sys/fs/cgroup -maxdepth 3 -name "$id")" ] || fail "a cgroup is left"
done
echo "$rounds rounds of each race"

# Every process of a container is a km, seen from the host. These are krun's alone.
# shellcheck shell=bash disable=SC2016,SC2154

# only_km CONTAINER AT_LEAST: so many processes at least, and each is a km.
only_km() { everything_is_km "$(inspect "$1" '{{.State.Pid}}')" "$2"; }
# The checker finds what it looks for: under runc it says so.
checker_works() {
  docker run -d --runtime=runc --network none --name native bb sleep 60
  status 1 only_km native 1
}
tree() { start c1 "$@" sh -c 'sleep 100 & (sh -c "sleep 100; true") & sleep 100 | cat'; }
process_tree() { tree bb; in_time only_km c1 5; }
with_exec() {
  tree bb
  docker exec -d c1 sh -c 'sleep 101; true'
  docker exec -d --privileged -u user c1 sleep 102
  in_time only_km c1 8
}
exec_races() {
  start c1 bb sleep 100
  local looks=0
  for _ in $(seq 10); do
    docker exec c1 sh -c 'for i in 1 2 3 4 5 6 7 8; do true | cat; done' &
    only_km c1 1
    looks=$((looks + 1))
    wait $!
  done
  [ "$looks" = 10 ]
}
with_init() { tree --init bb; in_time only_km c1 6; }
with_a_terminal() { start c1 -t bb sh -c 'sleep 100; true'; in_time only_km c1 2; }
with_health_check() {
  start c1 --health-cmd 'sleep 2; true' --health-interval 1s --health-timeout 10s bb sleep 100
  in_time only_km c1 3
}
with_restart() { start c1 bb sleep 100; docker restart -t 0 c1; only_km c1 1; }
privileged() { tree --privileged bb; in_time only_km c1 5; }
sharing_pids() {
  start c1 bb sleep 100
  start d1 --pid container:c1 bb sleep 100
  only_km c1 2
}
evil_image() {
  [ ! -e evil ] || return 0
  mkdir evil
  cp -a rootfs/. evil
  printf '#!/bin/sh\necho evil >/evil-ran\n' >evil/bin/km
  cp evil/bin/km evil/bin/krun
  mkdir -p evil/lib64 evil/lib evil/run/kontain evil/etc/kontain
  cp /bin/busybox evil/lib64/ld-linux-x86-64.so.2
  echo '{"km":"/bin/km"}' >evil/etc/kontain/krun.json
  echo '{"allow":"everything"}' >evil/etc/kontain/km.json
  ln -sf /proc/self/exe evil/self
  ln -s / evil/hostroot
  rm -rf evil/dev evil/proc
  ln -s /etc evil/dev
  mkdir evil/proc
  printf '/evil.so\n' >evil/etc/ld.so.preload
  tar -C evil -c . | docker import - evil
}
evil_files() {
  evil_image
  start c1 -e LD_PRELOAD=/evil.so -e KM_HANDOVER=3 evil sh -c 'sleep 100; true' || return 0 # refusing it is right too
  only_km c1 2
  status 1 docker exec c1 test -e /evil-ran
}
evil_devices_harm_nothing() {
  evil_image
  find rootfs/etc /etc -newer check.out -name 'null' | grep . && return 1
  [ ! -c /etc/null ]
}
own_executable() { # a payload that is a link to the monitor's own file gets neither it nor a way to write it
  evil_image
  start c1 bb sleep 100
  local path
  for path in /proc/self/exe /proc/1/exe; do status 126 docker exec c1 "$path" || status 127 docker exec c1 "$path"; done
  docker exec c1 sh -c '! (exec 9>/proc/1/exe) 2>/dev/null && ! grep /km /proc/1/maps'
}
km_stays() { # with every privilege, through every process it sees
  local sum
  sum=$(sha256sum <"$KONTAIN_SDK/bin/km")
  plain --privileged --pid host bb sh -c 'for p in /proc/[0-9]*; do (exec 9>>$p/exe && echo evil >&9) 2>/dev/null; done; true'
  [ "$(sha256sum <"$KONTAIN_SDK/bin/km")" = "$sum" ]
}
no_kvm() { plain "$@" bb sh -c '[ -c /dev/kvm ] && ! (exec 5<>/dev/kvm) 2>/dev/null'; }
nothing_visible() { # no file, mount, device or environment of Kontain inside
  says nothing plain bb sh -c '! mount | grep -iE "kontain|/km|krun" && ! env | grep -iE "kontain|^KM|krun" && ! ls /dev | grep kvm &&
    ! ls -l /proc/self/fd | grep -iE "kvm|/km$|krun" && echo nothing'
}
no_host_descriptors() { says '0 1 2' plain bb sh -c 'echo $(ls /proc/self/fd | head -3); for f in /proc/1/fd/[3-9]*; do readlink $f; done | grep -v /proc && echo leak; true'; }
native_binfmt() { fails_saying '' plain --privileged bb sh -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && echo mounted'; }
kernel_files() { # what makes the host run something of the container's choice
  plain --privileged bb sh -c '
    for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /sys/kernel/uevent_helper; do
      [ -e $f ] || continue; (echo "|/bin/evil" >$f) 2>/dev/null && exit 1; done; true'
  ! grep evil /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe
}

checks_nothing_outside() {
  [ "$runtime" = krun ] || return 0
  check "the checker finds a native process" checker_works
  check "a tree of processes" process_tree
  check "exec" with_exec
  check "exec, watched while it starts" exec_races
  check "an init" with_init
  check "a terminal" with_a_terminal
  check "a health check" with_health_check
  check "a restart" with_restart
  check "--privileged" privileged
  check "pids shared by two containers" sharing_pids
  check "an image with an evil km, ld.so, /dev and links" evil_files
  check "an evil /dev does not reach the host" evil_devices_harm_nothing
  check "the monitor's executable by name" own_executable
  check "the monitor's file, --privileged --pid host" km_stays
  check "--device /dev/kvm" no_kvm --device /dev/kvm
  check "/dev/kvm of --privileged" no_kvm --privileged
  check "nothing of Kontain is visible" nothing_visible
  check "no descriptors of the host" no_host_descriptors
  check "binfmt_misc" native_binfmt
  check "core_pattern and its kind" kernel_files
}

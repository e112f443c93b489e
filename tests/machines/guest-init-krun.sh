#!/bin/busybox sh
# Runs as init of the emulated machine: cgroup v2 with all controllers, and krun there. First it moves everything from
# the initial root, which cannot be left by pivot_root(2), to a tmpfs, and goes on there.
/bin/busybox --install -s /bin
export PATH=/bin
if [ ! -e /moved ]; then
  mkdir /new
  mount -t tmpfs tmpfs /new
  cp -a /bin /bundle /configs /etc /init /modules /new/
  mkdir /new/proc /new/sys /new/dev /new/tmp /new/run
  touch /new/moved
  exec switch_root /new /init
fi
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for module in irqbypass ccp kvm kvm-amd; do
  [ -f "/modules/$module.ko" ] && insmod "/modules/$module.ko"
done
ifconfig lo up
failed=0
# check NAME WANTED-STATUS TEXT COMMAND...: status, and the output holds TEXT, which may be empty.
check() {
  name=$1 wanted_status=$2 text=$3
  shift 3
  "$@" >/tmp/out 2>/tmp/err </dev/null
  status=$?
  if [ "$status" = "$wanted_status" ] && { [ -z "$text" ] || grep -qF -- "$text" /tmp/out /tmp/err; }; then
    echo "ok $name"
    return
  fi
  echo "not ok $name: status $status instead of $wanted_status, or no '$text'"
  cat /tmp/out /tmp/err | sed 's/^/# /' | head -n 8
  failed=1
}
# run NAME: a container of that configuration. made NAME: one that stays.
run() { krun run -b /bundle -f "/configs/$1.json" "$1"; }
made() { krun run -d -b /bundle -f "/configs/$1.json" "$1" </dev/null >/tmp/log 2>&1 || sed 's/^/# /' /tmp/log; }
status_of() { krun state "$1" | sed -n 's/.*"status": "\(.*\)".*/\1/p'; }

echo "# $(uname -r), controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
check "memory.max" 0 67108864 run memory
check "cpu.max" 0 "50000 100000" run cpu
check "pids.max" 0 33 run pids
check "cpuset" 0 1 run cpuset
check "io.weight or its absence is named" 0 "" sh -c 'krun run -b /bundle -f /configs/io.json io || [ $? = 1 ]'
check "huge pages" 0 4194304 run huge
check "unified" 0 77 run unified
check "a device that no rule allows" 0 refused run device-denied
check "a device that a rule allows" 0 opened run device-allowed
check "the default devices beside a rule for nothing" 0 null-works run device-denied

made idle
check "pause" 0 "" krun pause idle
check "is paused" 0 paused status_of idle
check "frozen" 0 "frozen 1" cat /sys/fs/cgroup/idle/cgroup.events
check "resume" 0 "" krun resume idle
check "is running" 0 running status_of idle
check "update" 0 "" krun update --memory 50331648 --pids-limit 44 idle
check "updated memory" 0 50331648 cat /sys/fs/cgroup/idle/memory.max
check "updated pids" 0 44 cat /sys/fs/cgroup/idle/pids.max
check "statistics" 0 '"limit":50331648' krun events --stats idle
check "ps lists one process" 0 one sh -c 'krun ps --format json idle | tr -d " \n" | grep -qE "^\[[0-9]+\]$" && echo one'
check "exec" 0 .kontain krun exec idle uname -r
krun exec -d --pid-file /tmp/exec.pid idle sleep 1000 </dev/null >/dev/null 2>&1
check "the cgroup of exec" 0 "0::/idle" sh -c 'cat /proc/$(cat /tmp/exec.pid)/cgroup'
# As containers with cgroups of their own do: the outer one holds no processes any more.
mkdir /sys/fs/cgroup/idle/inner
for pid in $(cat /sys/fs/cgroup/idle/cgroup.procs); do echo "$pid" >/sys/fs/cgroup/idle/inner/cgroup.procs; done
echo "+pids" >/sys/fs/cgroup/idle/cgroup.subtree_control
check "exec beside processes in a cgroup further down" 0 .kontain krun exec idle uname -r
check "delete" 0 "" krun delete -f idle
check "no cgroup is left" 1 "" ls /sys/fs/cgroup/idle

made hungry
timeout 120 krun events --interval 1s hungry >/tmp/events 2>&1 &
watcher=$!
sleep 2
touch /bundle/rootfs/data/go
wait $watcher
check "out of memory" 0 '"type":"oom"' cat /tmp/events
krun delete -f hungry

# A user with a cgroup that was handed over, and no other privilege.
if chmod 666 /dev/kvm; then
  mkdir -p /sys/fs/cgroup/user /run/user
  echo "+memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
  mkdir -p /sys/fs/cgroup/user/shell
  echo "+memory +pids" >/sys/fs/cgroup/user/cgroup.subtree_control
  chown -R 1000:1000 /sys/fs/cgroup/user /run/user /bundle
  check "rootless, in a delegated cgroup" 0 "67108864" sh -c '
    echo $$ >/sys/fs/cgroup/user/shell/cgroup.procs
    exec su user -s /bin/sh -c "exec krun --root /run/user/krun run -b /bundle -f /configs/rootless.json rootless"'
fi
[ "$failed" = 0 ] && echo "checks: all passed" || echo "checks: failed"
poweroff -f

#!/bin/bash
# krun on a machine with cgroup v2 and all its controllers: an emulated one (svm.sh), because the machines this is
# developed on have v1. Every check there prints one line; a missing line is a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
: "${KONTAIN_SDK:=$source/build/sdk}"
command -v qemu-system-x86_64 >/dev/null || { echo "skipped: no qemu-system-x86_64"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/krun/engine.sh
. "$source/tests/krun/engine.sh"
# shellcheck source=tests/machines/machine.sh
. "$here/machine.sh"

make_root krun
bundle=$root/bundle configs=$root/configs
mkdir -p "$bundle" "$configs"
make_busybox_rootfs "$bundle/rootfs"
mkdir -p "$root/etc"
cp "$bundle/rootfs/etc/passwd" "$bundle/rootfs/etc/group" "$root/etc/"
"$KONTAIN_SDK/bin/krun" spec -b "$work"
# configuration NAME COMMAND FILTER: what a container of that name runs, and how its configuration differs.
configuration() {
  jq --arg command "$2" '.process.terminal=false | .process.args=["sh", "-c", $command]
    | .linux.cgroupsPath="/'"$1"'" | '"$3" "$work/config.json" >"$configs/$1.json"
}
configuration memory 'cat /sys/fs/cgroup/memory.max' '.linux.resources.memory={"limit":67108864}'
configuration cpu 'cat /sys/fs/cgroup/cpu.max' '.linux.resources.cpu={"quota":50000,"period":100000}'
configuration pids 'cat /sys/fs/cgroup/pids.max' '.linux.resources.pids={"limit":33}'
configuration cpuset 'cat /sys/fs/cgroup/cpuset.cpus' '.linux.resources.cpu={"cpus":"1"}'
configuration io true '.linux.resources.blockIO={"weight":300}'
configuration huge 'cat /sys/fs/cgroup/hugetlb.2MB.max' '.linux.resources.hugepageLimits=[{"pageSize":"2MB","limit":4194304}]'
configuration unified 'cat /sys/fs/cgroup/pids.max' '.linux.resources.unified={"pids.max":"77"}'
# The serial line by another name.
open='mknod /dev/line c 4 64; if (exec 5</dev/line) 2>/dev/null; then echo opened; else echo refused; fi
  echo x >/dev/null && echo null-works'
capable='.process.capabilities[]=["CAP_MKNOD"]'
configuration device-denied "$open" "$capable | .linux.resources.devices=[{\"allow\":false,\"access\":\"rwm\"}]"
configuration device-allowed "$open" "$capable"' | .linux.resources.devices=[{"allow":false,"access":"rwm"},
  {"allow":true,"type":"c","major":4,"minor":64,"access":"rw"}]'
configuration idle 'exec sleep 1000' .
configuration hungry 'while [ ! -e /data/go ]; do sleep 0.2; done; x=x; while :; do x=$x$x; done' \
  '.linux.resources.memory={"limit":33554432}'
configuration rootless 'cat /sys/fs/cgroup/memory.max' '.linux.cgroupsPath="rootless"
  | .linux.resources={"memory":{"limit":67108864}} | .linux.namespaces += [{"type":"user"}]
  | .linux.uidMappings=[{"containerID":0,"hostID":1000,"size":1}] | .linux.gidMappings=.linux.uidMappings
  | (.mounts[] | select(.destination == "/dev/pts").options) -= ["gid=5"]
  | (.mounts[] | select(.destination == "/sys")) |= {"destination":"/sys","type":"none","source":"/sys","options":["rbind","ro"]}'
boot "$here/guest-init-krun.sh"

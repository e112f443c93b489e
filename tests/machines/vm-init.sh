#!/bin/bash
# The first process of a fresh virtual machine: unpacks the tar on the second drive, runs its run.sh, switches off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs run /run
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup
exec </dev/null >/dev/ttyS0 2>&1
# shellcheck disable=SC1091
echo "# up after $(cut -d' ' -f1 /proc/uptime) s: $(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r)"
hostname fresh
ip link set lo up
modprobe kvm_amd
mkdir -p /root/in
tar -C /root/in -xf /dev/nvme1n1
cd /root/in || exit
bash ./run.sh
echo "# run.sh ended with $? after $(cut -d' ' -f1 /proc/uptime) s"
sync
echo o >/proc/sysrq-trigger
sleep 30

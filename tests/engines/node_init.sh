#!/usr/bin/env bash
# The first process of a node: node_init.sh SECONDS SCRIPT ARGUMENTS... Started by enter_node (node.sh) with namespaces
# of its own. Sets up the node, runs the script for so long at most, and reaps what engines leave to it.
set -euo pipefail
seconds=$1
shift
node=$KONTAIN_NODE
name=$(basename "$node")
hierarchies=$(findmnt -rno TARGET,OPTIONS -t cgroup | sed 's/,/ /g')

# A group of this node's own in each hierarchy, which a cgroup namespace then makes the root.
enter_groups() {
  local folder
  for folder in $(findmnt -rno TARGET -t cgroup); do
    mkdir "$folder/$name"
    if [ -e "$folder/$name/cpuset.cpus" ]; then
      cat "$folder/cpuset.cpus" >"$folder/$name/cpuset.cpus"
      cat "$folder/cpuset.mems" >"$folder/$name/cpuset.mems"
    fi
    echo $$ >"$folder/$name/cgroup.procs"
  done
}

# A v2 hierarchy without controllers beside v1 is left out: crun refuses the mixture.
mount_groups() {
  local folder options
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  while read -r folder options; do
    mkdir -p "$folder"
    mount -t cgroup -o "$(printf '%s\n' $options | grep -vxE 'rw|relatime|nosuid|nodev|noexec' | paste -sd,)" cgroup "$folder"
  done <<<"$hierarchies"
}

# /dev with what containers are given, and nothing else of the machine's: --privileged hands out all of it.
make_devices() {
  local spec
  umount -R -l /dev
  mount -t tmpfs -o mode=755 dev /dev
  mkdir /dev/pts /dev/shm /dev/mqueue /dev/net
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts /dev/pts
  mount -t tmpfs -o mode=1777 shm /dev/shm
  mount -t mqueue mqueue /dev/mqueue
  for spec in null,1,3 zero,1,5 full,1,7 random,1,8 urandom,1,9 tty,5,0 net/tun,10,200 fuse,10,229; do
    IFS=, read -r file major minor <<<"$spec"
    mknod -m 666 "/dev/$file" c "$major" "$minor"
  done
  [ ! -e /sys/class/misc/kvm ] || mknod -m 660 /dev/kvm c 10 "$(cut -d: -f2 /sys/class/misc/kvm/dev)"
  ln -s pts/ptmx /dev/ptmx
  ln -s /proc/self/fd /dev/fd
  ln -s /proc/self/fd/0 /dev/stdin
  ln -s /proc/self/fd/1 /dev/stdout
  ln -s /proc/self/fd/2 /dev/stderr
}

# Engines' settings, state and sockets at the places where users have them.
make_places() {
  local lib
  mount -t overlay -o "lowerdir=/etc,upperdir=$node/etc,workdir=$node/etc.work" etc /etc
  mount --bind "$node/run" /run
  mkdir -p /run/lock
  mount -t tmpfs -o mode=755 opt /opt
  ln -s "$KONTAIN_SDK" /opt/kontain
  for lib in docker containerd containers cni; do
    mkdir -p "/var/lib/$lib" "$node/lib/$lib"
    mount --bind "$node/lib/$lib" "/var/lib/$lib"
  done
  rm -rf /etc/docker/daemon.json /etc/containers/containers.conf* /etc/containerd /etc/cni/net.d
}

if [ "${1:-}" != --inside ]; then
  enter_groups
  export KONTAIN_NODE
  exec unshare --cgroup bash "$0" "$seconds" --inside "$@"
fi
shift
umount -R -l /sys # with what the machine has mounted there: engines look for it in mountinfo
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount_groups
make_devices
make_places
ip link set lo up
hostname node
export PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/tmp
unset DOCKER_HOST CONTAINERS_CONF XDG_RUNTIME_DIR
status=0
timeout --kill-after=10 "$seconds" bash "$@" || status=$?
[ "$status" -ne 124 ] || echo "FAILED: stopped after $seconds s" >&2
exit "$status"

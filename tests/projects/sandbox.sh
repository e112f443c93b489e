#!/bin/bash
# sandbox.sh [--root ROOT] FOLDER COMMAND...: runs it in FOLDER as an ordinary user, in namespaces of its own: no network
# but loopback, a /dev that holds no disk and no loop device, an empty /tmp, no descriptor but the first three, and no process
# outlives it. FOLDER becomes that user's.
# With --root the command sees ROOT as its /, and FOLDER is a folder of it.
set -euo pipefail
if [ "${1:-}" != --inside ]; then
  new_root=
  if [ "$1" = --root ]; then
    new_root=$2
    shift 2
  fi
  chown -R 65534:65534 "$new_root$1"
  exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc --net --ipc --uts -- \
    bash "${BASH_SOURCE[0]}" --inside "$new_root" "$@"
fi
new_root=$2 folder=$3
shift 3
# What whoever started the suite left open is no part of the tests. 255 is this script.
for fd in /proc/self/fd/*; do
  fd=${fd##*/}
  [ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"
done
ip link set lo up
mount -t tmpfs -o mode=755 kontain-dev /mnt
mkdir /mnt/pts /mnt/shm
chmod 1777 /mnt/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /mnt/pts
ln -s pts/ptmx /mnt/ptmx
ln -s /proc/self/fd /mnt/fd
for n in 0 1 2; do ln -s "fd/$n" "/mnt/$(echo stdin stdout stderr | cut -d' ' -f$((n + 1)))"; done
for name in null zero full random urandom tty kvm; do
  touch "/mnt/$name"
  mount --bind "/dev/$name" "/mnt/$name"
done
# The same device for an ordinary user; the host's node keeps its owner.
umount /mnt/kvm
rm /mnt/kvm
mknod -m 666 /mnt/kvm c 10 232
mount -t tmpfs -o mode=1777 kontain-tmp "$new_root/tmp"
if [ -n "$new_root" ]; then
  mount -t proc proc "$new_root/proc"
  mount --move /mnt "$new_root/dev"
  # shellcheck disable=SC2016
  chroot "$new_root" /bin/sh -c 'cd "$1" && shift && exec setpriv --reuid=65534 --regid=65534 --clear-groups \
    --no-new-privs --inh-caps=-all "$@"' sh "$folder" "$@"
  exit
fi
mount --move /mnt /dev
cd "$folder"
# Not as the first process: orphans are this shell's business, and no signal is special to what the tests start.
setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all "$@"

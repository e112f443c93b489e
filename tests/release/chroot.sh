# A fresh machine that is a folder: Debian's minbase in namespaces of its own, with a /dev of its own. Sourced behind
# tests/lib/common.sh by a script that was started again inside `unshare --mount --net --pid --fork`.
# shellcheck shell=bash disable=SC2154

# make_chroot TAR: $root, mounted and ready.
make_chroot() {
  local device
  root=$workdir/root
  mkdir "$root"
  mount -t tmpfs -o size=3g none "$root"
  tar -xf "$1" -C "$root"
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 none "$root/dev"
  for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 kvm:10:232; do
    mknod -m 666 "$root/dev/${device%%:*}" c "$(echo "$device" | cut -d: -f2)" "${device##*:}"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  ln -s /proc/self/fd "$root/dev/fd"
  mount -t devpts -o newinstance,ptmxmode=0666 none "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs none "$root/run"
  mount -t tmpfs -o mode=1777 none "$root/tmp"
  mkdir -p "$root/sys/fs/cgroup"
  mount --rbind /sys "$root/sys"
}

# inside COMMAND...: as root, with a fresh environment.
inside() { chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"; }
# inside_as_user COMMAND...: as the user of /home/user.
inside_as_user() {
  inside setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/home/user PATH=/usr/local/bin:/usr/bin:/bin "$@"
}

# The whole file system but for what lives in memory.
snapshot_root() {
  (cd "$root" && find . -mindepth 1 \( -path ./proc -o -path ./dev -o -path ./sys -o -path ./run -o -path ./tmp \) -prune -o \
    \( -type f -printf '%y %m %U:%G %P %s ' -exec sha256sum {} \; \) -o -printf '%y %m %U:%G %P %l\n' | LC_ALL=C sort)
}

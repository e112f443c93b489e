# A fresh machine that is a folder: Debian's minbase in namespaces of its own, with a /dev of its own. Sourced first by a
# suite, which then calls begin_machine.
# shellcheck shell=bash disable=SC2034,SC2154
release_suites=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${KONTAIN_SOURCE:=$(cd "$release_suites/../.." && pwd)}"
: "${KONTAIN_SDK:=$KONTAIN_SOURCE/build/release/sdk}" "${KONTAIN_BUILD:=$KONTAIN_SOURCE/build/release}"
export KONTAIN_SOURCE KONTAIN_SDK KONTAIN_BUILD
. "$KONTAIN_SOURCE/tests/lib/common.sh"

# begin_machine ARCHIVE ROOT...: starts the calling script again in namespaces of its own. Sets $archive (empty: the newest
# of dist/). Each ROOT is "NAME PACKAGE..." or "SUITE:NAME PACKAGE...", a root file system for make_chroot.
begin_machine() {
  local specification words
  need_kvm
  [ "$(id -u)" -eq 0 ] || skip "a chroot takes root"
  command -v mmdebstrap >/dev/null || skip "there is no mmdebstrap"
  archive=${1:-$(newest_release)}
  [ -n "$archive" ] || fail "there is no release in dist/: ./dev release"
  archive=$(readlink -f "$archive")
  shift
  if [ "${KONTAIN_INSIDE:-}" != 1 ]; then
    for specification in "$@"; do
      read -ra words <<<"$specification"
      declare -gx "root_tar_${words[0]//[-:]/_}=$("$release_suites/fetch-root.sh" "${words[@]}")"
    done
    exec env KONTAIN_INSIDE=1 unshare --mount --net --pid --fork --propagation private bash "$0" "$archive"
  fi
  mount -t proc proc /proc
  ip link set lo up
  make_workdir
}

newest_release() {
  find "$KONTAIN_SOURCE/dist" -maxdepth 1 -name 'kontain-*-x86_64.tar.gz' -printf '%T@ %p\n' 2>/dev/null | sort -rn | sed -n '1s/^[^ ]* //p'
}

# make_chroot NAME: $root, mounted and ready.
make_chroot() {
  local tar=root_tar_${1//[-:]/_}
  make_empty_root
  tar -xf "${!tar}" -C "$root"
  mount_kernel_folders
}

# make_empty_root: $root, without a file.
make_empty_root() {
  root=$workdir/root
  mkdir "$root"
  # Nothing that is mounted there may be reached by the removal of the folder: the host's /sys is among it.
  trap 'cd /; umount -R -l "$root" 2>/dev/null || true; rm -rf --one-file-system "$workdir"' EXIT
  mount -t tmpfs -o size=3g,mode=755 none "$root"
}

# mount_kernel_folders: what a kernel and an init give to $root.
mount_kernel_folders() {
  local device
  mkdir -p "$root/proc" "$root/dev" "$root/run" "$root/tmp" "$root/sys"
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

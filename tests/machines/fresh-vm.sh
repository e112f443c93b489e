#!/bin/bash
# fresh-vm.sh [ARCHIVE]: a release on a fresh virtual machine: Debian without a compiler, emulated AMD SVM as hardware KVM,
# cgroup v2. It installs the release, runs the smoke test, then containers of podman and of Docker under krun. Every check
# of the machine prints one line; a missing line is a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
for program in qemu-system-x86_64 mmdebstrap mke2fs; do
  command -v $program >/dev/null || { echo "skipped: there is no $program"; exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped: its root file system takes root"; exit 77; }
archive=${1:-$(ls -t "$source"/dist/kontain-*-x86_64.tar.gz 2>/dev/null | head -n 1)}
[ -n "$archive" ] || { echo "there is no release in dist/: ./dev release"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kernel=$("$here/fetch-kernel.sh")
version=$(basename "$kernel"/lib/modules/*)

# The disk: made once and kept outside the tree, named by what it is made of.
base=$("$source/tests/release/fetch-root.sh" engines iproute2 iptables curl python3 kmod procps podman crun netavark \
  aardvark-dns docker.io containerd runc ca-certificates fuse-overlayfs)
key=$(cat "$here/vm-init.sh" "$here/fresh-vm.sh" <(stat -c '%n %s %Y' "$base") <(echo "$version") | sha256sum | cut -c1-16)
disk=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/machines/fresh-$key.ext4
if [ ! -e "$disk" ]; then
  echo "# making the disk"
  mkdir -p "$(dirname "$disk")" "$work/root"
  tar -xf "$base" -C "$work/root"
  mkdir -p "$work/root/usr/lib/modules"
  cp -a "$kernel/lib/modules/$version" "$work/root/usr/lib/modules/"
  chroot "$work/root" depmod "$version"
  cp "$here/vm-init.sh" "$work/root/sbin/vm-init"
  chmod 755 "$work/root/sbin/vm-init"
  mke2fs -q -t ext4 -d "$work/root" -L fresh -E lazy_itable_init=1,lazy_journal_init=1 "$work/disk" 4000M
  mv "$work/disk" "$disk"
  rm -rf "$work/root"
fi

# What comes on a second drive, as it would from a USB stick.
mkdir "$work/in"
cp "$archive" "$archive.sha256" "$source/install.sh" "$work/in/"
cp "$here/fresh-vm-guest.sh" "$work/in/run.sh"
python3 "$source/tests/docs/one_shell.py" "$source/docs/getting-started.md" tests/machines/fresh-vm.sh >"$work/in/docker-lines.sh"
tar -C "$work/in" -cf "$work/in.tar" .
truncate -s %1M "$work/in.tar"

log=$work/log
status=0
timeout -k 5 1500 qemu-system-x86_64 -machine q35 -accel tcg,thread=single,tb-size=512 -cpu max -smp 2 -m 3072 \
  -kernel "$(echo "$kernel"/boot/vmlinuz-*)" \
  -append "console=ttyS0 root=/dev/nvme0n1 rw panic=-1 quiet init=/sbin/vm-init net.ifnames=0 tsc=reliable clocksource=tsc no_timer_check" \
  -nodefaults -nographic -no-reboot -serial stdio \
  -drive if=none,id=d0,file="$disk",format=raw,snapshot=on -device nvme,drive=d0,serial=root \
  -drive if=none,id=d1,file="$work/in.tar",format=raw,readonly=on -device nvme,drive=d1,serial=in \
  >"$log" 2>&1 </dev/null || status=$?
tr -d '\r' <"$log" | grep -aE '^(ok|not ok|#|checks:)' || true
if [ "$status" -ne 0 ] || ! tr -d '\r' <"$log" | grep -qax 'checks: all passed'; then
  echo "the machine's last lines (qemu ended with $status):"
  tail -n 60 "$log"
  exit 1
fi

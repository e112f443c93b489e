#!/bin/bash
# svm.sh quick|full: boots a machine with emulated AMD SVM, which gives a real hardware-style /dev/kvm (recipe B), and
# runs the SDK's km there. Every check of the machine prints one line; a missing line is a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${KONTAIN_SDK:=$(cd "$here/../.." && pwd)/build/sdk}"
form=${1:-full}
command -v qemu-system-x86_64 >/dev/null || { echo "skipped: no qemu-system-x86_64"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

kernel=$("$here/fetch-kernel.sh")
root=$work/root
mkdir -p "$root"/{bin,proc,sys,dev,tmp,modules}
cp /bin/busybox "$root/bin/busybox"
cp "$KONTAIN_SDK/bin/km" "$root/bin/km"
strip "$root/bin/km"
modules=$(echo "$kernel"/lib/modules/*/kernel)
for module in virt/lib/irqbypass drivers/crypto/ccp/ccp arch/x86/kvm/kvm arch/x86/kvm/kvm-amd; do
  file=$(find "$modules/$(dirname "$module")" -name "$(basename "$module").ko*" 2>/dev/null | head -n 1 || true)
  case $file in
    *.xz) xz -dc "$file" >"$root/modules/$(basename "${file%.xz}")" ;;
    ?*) cp "$file" "$root/modules/" ;;
    *) ;; # built in, or not in this kernel
  esac
done

payload() { "$KONTAIN_SDK/bin/kontain-gcc" -O1 "${@:3}" -o "$root/bin/$1" "$here/payloads/$2.c"; }
payload work work
payload work-fixed work -no-pie
payload tasks tasks -pthread
payload crash ../../cli/km/payloads/crash
(cd "$root" && "$root/bin/work" >"$work/expected")
(cd "$root" && "$root/bin/tasks" >"$work/expected-tasks")
cp "$work"/expected* "$root/"
cp "$here/guest-init.sh" "$root/init"
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd"

log=$work/log
status=0
timeout -k 5 200 qemu-system-x86_64 -machine pc -accel tcg,thread=single -cpu max -smp 2 -m 1024 \
  -kernel "$(echo "$kernel"/boot/vmlinuz-*)" -initrd "$work/initrd" \
  -append "console=ttyS0 panic=-1 quiet tsc=reliable clocksource=tsc no_timer_check form=$form" -nographic -no-reboot -nodefaults -serial stdio \
  >"$log" 2>&1 </dev/null || status=$?
tr -d '\r' <"$log" | grep -aE '^(ok|not ok|#|checks:)' || true
done_line=$(tr -d '\r' <"$log" | grep -a '^checks: ' || true)
if [ "$status" -ne 0 ] || [ -z "$done_line" ] || [ "$done_line" != "checks: all passed" ]; then
  echo "the machine's last lines (qemu ended with $status):"
  tail -n 40 "$log"
  exit 1
fi

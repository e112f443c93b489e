# shellcheck shell=bash
# shellcheck disable=SC2154  # here and work are the including script's
# Machines with emulated AMD SVM, which have a hardware-style /dev/kvm. Sourced; needs $work, $here and $KONTAIN_SDK.

# make_root PROGRAM...: the initial root in $root, with busybox, the modules of KVM and these programs of the SDK.
make_root() {
  local program module modules file
  kernel=$("$here/fetch-kernel.sh")
  root=$work/root
  mkdir -p "$root"/{bin,proc,sys,dev,tmp,modules}
  cp /bin/busybox "$root/bin/busybox"
  for program in km "$@"; do
    cp "$KONTAIN_SDK/bin/$program" "$root/bin/$program"
    strip "$root/bin/$program"
  done
  modules=$(echo "$kernel"/lib/modules/*/kernel)
  for module in virt/lib/irqbypass drivers/crypto/ccp/ccp arch/x86/kvm/kvm arch/x86/kvm/kvm-amd; do
    file=$(find "$modules/$(dirname "$module")" -name "$(basename "$module").ko*" 2>/dev/null | head -n 1 || true)
    case $file in
      *.xz) xz -dc "$file" >"$root/modules/$(basename "${file%.xz}")" ;;
      ?*) cp "$file" "$root/modules/" ;;
      *) ;; # built in, or not in this kernel
    esac
  done
}

# boot INIT [WORD...]: the machine with that script as its init and the words on the kernel's command line; ends this
# script with 1 unless it says that all checks passed.
boot() {
  local log=$work/log status=0 done_line
  cp "$1" "$root/init"
  chmod +x "$root/init"
  (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd"
  timeout -k 5 "${MACHINE_SECONDS:-200}" qemu-system-x86_64 -machine pc -accel tcg,thread=single -cpu max -smp 2 -m 1024 \
    -kernel "$(echo "$kernel"/boot/vmlinuz-*)" -initrd "$work/initrd" \
    -append "console=ttyS0 panic=-1 quiet tsc=reliable clocksource=tsc no_timer_check ${*:2}" -nographic -no-reboot -nodefaults -serial stdio \
    >"$log" 2>&1 </dev/null || status=$?
  tr -d '\r' <"$log" | grep -aE '^(ok|not ok|#|checks:)' || true
  done_line=$(tr -d '\r' <"$log" | grep -a '^checks: ' || true)
  if [ "$status" -ne 0 ] || [ -z "$done_line" ] || [ "$done_line" != "checks: all passed" ]; then
    echo "the machine's last lines (qemu ended with $status):"
    tail -n 40 "$log"
    exit 1
  fi
}

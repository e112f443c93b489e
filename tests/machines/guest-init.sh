#!/bin/busybox sh
# Runs as init of the emulated machine: loads KVM, runs km, prints one line a check, powers off.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
for module in irqbypass ccp kvm kvm-amd; do
  [ -f "/modules/$module.ko" ] && insmod "/modules/$module.ko"
done
failed=0
# check NAME WANTED-STATUS COMMAND...: status, and stdout if the file `wanted` exists.
check() {
  name=$1 wanted_status=$2
  shift 2
  "$@" >/tmp/out 2>/tmp/err
  status=$?
  if [ "$status" != "$wanted_status" ]; then
    echo "not ok $name: status $status instead of $wanted_status"
    sed 's/^/# /' /tmp/err | head -n 5
    failed=1
  elif [ -f /tmp/wanted ] && ! cmp -s /tmp/out /tmp/wanted; then
    echo "not ok $name: its output differs"
    diff /tmp/wanted /tmp/out | sed 's/^/# /' | head -n 10
    failed=1
  else
    echo "ok $name"
  fi
  rm -f /tmp/wanted
}
form=$(sed -n 's/.*form=\([a-z]*\).*/\1/p' /proc/cmdline)
echo "# $(uname -r), $(ls /dev/kvm 2>&1)"
check self-test 0 km --self-test
sed 's/^/# /' /tmp/out
cp /tmp/out /tmp/self-test
check "the recipe is B" 0 grep -q '^recipe: B$' /tmp/self-test
echo "# clock source: $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
cp /expected /tmp/wanted
check "a static-PIE program" 0 km /bin/work
cp /expected-tasks /tmp/wanted
check "threads, signals and processes" 0 km /bin/tasks
check "divide ends by SIGFPE" 136 km /bin/crash divide
if [ "$form" = full ]; then
  cp /expected /tmp/wanted
  check "a program at 2 MiB" 0 km /bin/work-fixed
  for pair in null:139 read-only:139 no-execute:139 illegal:132 breakpoint:133 stack:139 general:139 halt:139 port:139 \
    doorbell-write:139 doorbell-read:139 doorbell-string:139 system-page:139 private-page:139 stub-write:139 \
    stub-return:139 segments:139 lost-page:135; do
    check "crash ${pair%:*}" "${pair#*:}" km /bin/crash "${pair%:*}"
  done
  echo hello >/tmp/wanted
  check "busybox echo" 0 km /bin/busybox echo hello
  busybox md5sum /bin/work >/tmp/wanted
  check "busybox md5sum" 0 km /bin/busybox md5sum /bin/work
  check "exit status" 1 km /bin/busybox false
  check "a trace" 0 km --trace=write,writev /bin/busybox echo traced
  cp /tmp/err /tmp/trace
  check "the trace has the call" 0 grep -q '^writev*(1, ' /tmp/trace
  # The one layout of the host's that km cannot lift, and can be asked for only on a machine of our own.
  echo 1 >/proc/sys/vm/legacy_va_layout
  check "the legacy layout is refused" 125 km /bin/work
  cp /tmp/err /tmp/refusal
  check "the refusal names it" 0 grep -q 'vm.legacy_va_layout' /tmp/refusal
fi
dmesg | grep -iE 'kvm.*(error|warn|unhandled)' | sed 's/^/# /' | head -n 5
[ "$failed" = 0 ] && echo "checks: all passed" || echo "checks: failed"
poweroff -f

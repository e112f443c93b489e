# A KVM that lacks what km needs, or fails at a step: status 125 and one line that says what was seen.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload hello
# As <linux/kvm.h> has them: the requests KVM_CREATE_VM, KVM_CHECK_EXTENSION and KVM_RUN; capabilities by number.
create_vm=0xae01 check_extension=0xae03 run=0xae80
without() { python3 "$KONTAIN_SOURCE/tests/cli/km/refuse_ioctl.py" "$@"; }
while read -r refused words; do
  expect_status 125 without "$refused" "$km" ./hello
  one_line_error "$words"
done <<T
$check_extension:136 /dev/kvm: kernel too old: it lacks KVM_CAP_IMMEDIATE_EXIT
$check_extension:74 /dev/kvm: kernel too old: it lacks KVM_CAP_SYNC_REGS
$create_vm KVM_CREATE_VM: Input/output error
$run self-test: a SYSCALL in the guest did not reach the monitor: errno 5, exit reason
T
# The helper refuses nothing else.
expect_status 0 without $check_extension:9999 "$km" ./hello

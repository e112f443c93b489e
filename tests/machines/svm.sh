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
# shellcheck source=tests/machines/machine.sh
. "$here/machine.sh"

make_root
payload() { "$KONTAIN_SDK/bin/kontain-gcc" -O1 "${@:3}" -o "$root/bin/$1" "$here/payloads/$2.c"; }
payload work work
payload work-fixed work -no-pie
payload tasks tasks -pthread
payload crash ../../cli/km/payloads/crash
(cd "$root" && "$root/bin/work" >"$work/expected")
(cd "$root" && "$root/bin/tasks" >"$work/expected-tasks")
cp "$work"/expected* "$root/"
boot "$here/guest-init.sh" "form=$form"

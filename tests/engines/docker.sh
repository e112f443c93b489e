#!/bin/bash
# dockerd with krun as a runtime, beside runc: docker.sh [GROUP...], without one all that are in docker/.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in dockerd docker busybox runc jq; do command -v $program >/dev/null || skip "there is no $program"; done
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/dockerd.sh"
groups=("$@")
[ $# -gt 0 ] || mapfile -t groups < <(basename -s .sh "$KONTAIN_SOURCE"/tests/engines/docker/*.sh)
for group in "${groups[@]}"; do
  # shellcheck disable=SC1090
  . "$KONTAIN_SOURCE/tests/engines/docker/$group.sh"
done

all_checks() {
  for group in "${groups[@]}"; do
    echo "-- $group"
    "checks_$group"
  done
}

start_dockerd '.experimental = true' # docker checkpoint is
make_busybox_rootfs rootfs
tar -C rootfs -c . | docker import - bb >/dev/null
with_runtimes "${RUNTIMES:-runc krun}" all_checks

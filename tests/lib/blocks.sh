# What tests that run the blocks of a document share. Sourced behind common.sh.
# shellcheck shell=bash disable=SC2154

# enter_blocks_host PROGRAM... -- ARGUMENT...: starts the calling script again with ARGUMENT... on a host of its own: its
# network, and nothing of kontain's but the folders that it makes; skips without KVM, root or one of the programs. Then
# makes the scratch folder, with a copy of examples/ in it.
enter_blocks_host() {
  local place
  need_kvm
  [ "$(id -u)" -eq 0 ] || skip "a network of its own takes root"
  while [ "$1" != -- ]; do
    command -v "$1" >/dev/null || skip "there is no $1"
    shift
  done
  shift
  if [ "${KONTAIN_INSIDE:-}" != 1 ]; then
    exec env KONTAIN_INSIDE=1 unshare --mount --net --propagation private bash "$0" "$@"
  fi
  ip link set lo up
  mkdir -p /var/lib/kontain
  for place in /run /var/lib/kontain; do mount -t tmpfs none "$place"; done
  make_workdir
  cp -R "$KONTAIN_SOURCE/examples" .
}

#!/bin/sh
# node-install.sh: installs Kontain on a Kubernetes node from a pod (kubernetes-nodes.yaml), and waits; when the pod is
# deleted it takes everything away again. By hand: `node-install.sh install` and `node-install.sh remove`.
#
#   NODE_ROOT         where the node's file system is (/host); / for the machine itself
#   KONTAIN_RELEASE   kontain-VERSION-x86_64.tar.gz: a file of this pod, or a URL
#   NODE_RESTART      what makes containerd read its configuration, executed on the node
#                     (systemctl restart containerd)
set -eu
me=node-install
: "${NODE_ROOT:=/host}" "${NODE_RESTART:=systemctl restart containerd}"
staging=/var/tmp/kontain-node-install

die() {
  printf '%s: %s\n' "$me" "$*" >&2
  exit 1
}

# on_node COMMAND...: with the node's files and programs; its namespaces as far as the pod shares them (hostPID).
on_node() {
  if [ "$NODE_ROOT" = / ]; then "$@"; else chroot "$NODE_ROOT" "$@"; fi
}

restart_engine() {
  # shellcheck disable=SC2086
  on_node $NODE_RESTART || die "containerd: could not be restarted by: $NODE_RESTART"
}

fetch_release() {
  rm -rf "${NODE_ROOT%/}$staging"
  mkdir -p "${NODE_ROOT%/}$staging"
  case $KONTAIN_RELEASE in
    http://* | https://*)
      for suffix in "" .sha256; do
        if command -v curl >/dev/null; then
          curl --fail --silent --show-error --location -o "${NODE_ROOT%/}$staging/release.tar.gz$suffix" "$KONTAIN_RELEASE$suffix"
        else
          wget -q -O "${NODE_ROOT%/}$staging/release.tar.gz$suffix" "$KONTAIN_RELEASE$suffix"
        fi || die "$KONTAIN_RELEASE$suffix: cannot be downloaded"
      done
      ;;
    *)
      for suffix in "" .sha256; do
        cp "$KONTAIN_RELEASE$suffix" "${NODE_ROOT%/}$staging/release.tar.gz$suffix" || die "$KONTAIN_RELEASE$suffix: cannot be read"
      done
      ;;
  esac
}

install() {
  [ -n "${KONTAIN_RELEASE:-}" ] || die "KONTAIN_RELEASE: is not set"
  [ -c "${NODE_ROOT%/}/dev/kvm" ] || die "the node has no /dev/kvm"
  fetch_release
  on_node tar -xzf "$staging/release.tar.gz" -C "$staging" --wildcards --strip-components=1 'kontain-*/install.sh'
  on_node sh "$staging/install.sh" --with-containerd "$staging/release.tar.gz" || die "the installer failed"
  rm -rf "${NODE_ROOT%/}$staging"
  restart_engine
  echo "$me: krun is a runtime of this node's containerd"
}

remove() {
  on_node sh /opt/kontain/install.sh --uninstall || die "removing failed"
  restart_engine
  echo "$me: removed"
}

# Until the pod is deleted.
stay() {
  trap 'kill "$waiting" 2>/dev/null; remove; exit 0' TERM INT
  while :; do
    sleep 3600 &
    waiting=$!
    wait "$waiting" || true
  done
}

case ${1:-} in
  install | remove) "$1" ;;
  "")
    install
    stay
    ;;
  *) die "$1: install, remove, or nothing" ;;
esac

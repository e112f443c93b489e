# Bundles for tests that drive krun themselves. Sourced behind tests/lib/common.sh and engine.sh.
# shellcheck shell=bash

need_krun() {
  need_kvm
  [ "$(id -u)" -eq 0 ] || skip "containers are made as root"
  command -v busybox >/dev/null || skip "there is no busybox"
}

# Enters a scratch folder with a bundle in ./b; whatever a test leaves is ended and removed with it.
make_bundle() {
  workdir=$(mktemp -d)
  trap remove_bundle EXIT
  cd "$workdir" || exit 1
  # Cgroups have names of their own host wide: ids begin with this.
  # shellcheck disable=SC2034
  tag=${workdir##*/}
  chmod 711 .  # a user namespace has to pass
  mkdir b
  make_busybox_rootfs b/rootfs
  "$KONTAIN_SDK/bin/krun" spec -b b
  edit '.process.terminal=false'
}

remove_bundle() {
  local id
  for id in $(krun list -q 2>/dev/null); do krun delete -f "$id" 2>/dev/null || true; done
  cd /
  rm -rf "$workdir"
}

krun() { timeout -k 2 60 "$KONTAIN_SDK/bin/krun" --root "$workdir/state" "$@"; }

# edit FILTER [ARGUMENTS]: changes b/config.json by jq.
edit() {
  jq "$@" <b/config.json >b/config.new
  mv b/config.new b/config.json
}

# arguments WORD...: what the container runs.
arguments() {
  edit '.process.args=$words' --argjson words "$(python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@")"
}

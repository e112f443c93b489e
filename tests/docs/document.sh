#!/bin/bash
# document.sh FILE: the blocks of a document in one shell, in a network of their own.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
document=$1
need_kvm
[ "$(id -u)" -eq 0 ] || skip "a network of its own takes root"
for program in ip iptables cmake; do command -v $program >/dev/null || skip "there is no $program"; done
if [ "${KONTAIN_INSIDE:-}" != 1 ]; then
  exec env KONTAIN_INSIDE=1 unshare --mount --net --propagation private bash "$0" "$@"
fi
ip link set lo up
mkdir -p /var/lib/kontain
for place in /run /var/lib/kontain; do mount -t tmpfs none "$place"; done
make_workdir
cp -R "$KONTAIN_SOURCE/examples" .
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/$document" >script.sh
HOME=$workdir PATH=$KONTAIN_SDK/bin:$PATH bash script.sh </dev/null

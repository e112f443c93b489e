#!/bin/bash
# run.sh NAME: the blocks of examples/NAME/README.md in one shell, in a copy of examples/, with the SDK in PATH and a
# network of their own. Their output is the file `expected`.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
name=$1
need_kvm
[ "$(id -u)" -eq 0 ] || skip "a network of its own takes root"
case $name in
  go) command -v go >/dev/null || skip "there is no go" ;;
  java-http) command -v javac >/dev/null || skip "there is no javac" ;;
  node) command -v node >/dev/null || skip "there is no node" ;;
  python-flask) /usr/bin/python3 -c 'import flask' 2>/dev/null || skip "there is no python3-flask" ;;
  rust) [ -x /usr/bin/rustc ] || skip "there is no rustc" ;;
esac
for program in ip iptables curl; do command -v $program >/dev/null || skip "there is no $program"; done
if [ "${KONTAIN_INSIDE:-}" != 1 ]; then
  exec env KONTAIN_INSIDE=1 unshare --mount --net --propagation private bash "$0" "$@"
fi
ip link set lo up
mkdir -p /var/lib/kontain
for place in /run /var/lib/kontain; do mount -t tmpfs none "$place"; done
make_workdir
cp -R "$KONTAIN_SOURCE/examples" .
cd "examples/$name"
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" README.md >"$workdir/script.sh"
status=0
HOME=$workdir PATH=$KONTAIN_SDK/bin:/usr/sbin:/usr/bin:/sbin:/bin bash "$workdir/script.sh" >"$workdir/out" 2>"$workdir/err" </dev/null || status=$?
[ "$status" -eq 0 ] || { cat "$workdir/out" "$workdir/err"; fail "status $status"; }
diff expected "$workdir/out" || { cat "$workdir/err"; fail "other output than expected"; }
[ -z "$(ip -o link show type bridge)" ] || fail "a bridge is left"
[ -z "$(find /var/lib/kontain -type d -path '*/run/*')" ] || fail "a record is left: $(find /var/lib/kontain)"

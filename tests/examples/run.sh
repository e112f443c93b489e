#!/bin/bash
# run.sh NAME: the blocks of examples/NAME/README.md in one shell, in a copy of examples/, with the SDK in PATH and a
# network of their own. Their output is the file `expected`.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/lib/blocks.sh"
name=$1
case $name in
  go) command -v go >/dev/null || skip "there is no go" ;;
  java-http) command -v javac >/dev/null || skip "there is no javac" ;;
  node) command -v node >/dev/null || skip "there is no node" ;;
  python-flask) /usr/bin/python3 -c 'import flask' 2>/dev/null || skip "there is no python3-flask" ;;
  rust) [ -x /usr/bin/rustc ] || skip "there is no rustc" ;;
esac
enter_blocks_host ip iptables curl -- "$@"
cd "examples/$name"
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" README.md >"$workdir/script.sh"
status=0
HOME=$workdir PATH=$KONTAIN_SDK/bin:/usr/sbin:/usr/bin:/sbin:/bin bash "$workdir/script.sh" >"$workdir/out" 2>"$workdir/err" </dev/null || status=$?
[ "$status" -eq 0 ] || { cat "$workdir/out" "$workdir/err"; fail "status $status"; }
diff expected "$workdir/out" || { cat "$workdir/err"; fail "other output than expected"; }
[ -z "$(ip -o link show type bridge)" ] || fail "a bridge is left"
[ -z "$(find /var/lib/kontain -type d -path '*/run/*')" ] || fail "a record is left: $(find /var/lib/kontain)"

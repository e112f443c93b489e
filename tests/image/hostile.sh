#!/bin/bash
# Archives and layouts of an attacker: nothing appears outside, nothing is exhausted, and every one is refused by name.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
make_workdir
python3 "$KONTAIN_SOURCE/tests/image/hostile.py" "$workdir/evil"
mkdir outside
echo secret >outside/secret
ulimit -v 1500000
# Half a minute and 1.5 GB of addresses are enough for each of them.
for case in evil/*; do
  name=$(basename "$case")
  status=0
  rm -rf unpacked
  timeout 30 "$build_tool" --store "$workdir/store-$name" unpack --rootless "./$case" unpacked >out 2>err || status=$?
  case "$name" in
    bad-*) [ "$status" -eq 1 ] || fail "$name: status $status: $(cat err)" ;;
    good-*) [ "$status" -eq 0 ] || fail "$name: status $status: $(cat err)" ;;
  esac
  if [ "$status" -ne 0 ]; then
    grep -q '^kontain-build: ' err || fail "$name: no message: $(cat err)"
    [ ! -e unpacked ] || fail "$name: something is left"
  fi
  expect_equal "$(find outside -type f | wc -l) $(cat outside/secret)" "1 secret" "outside after $name"
  [ ! -e /tmp/kontain-evil ] || fail "$name wrote outside"
  rm -rf "store-$name"
done
[ "$(ls evil | wc -l)" -ge 20 ] || fail "cases are missing"

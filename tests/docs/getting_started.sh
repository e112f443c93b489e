# docs/getting-started.md from its first block to its last, then the lines of README.md for a release, on a release made of the SDK under test. As root in a network
# and with places of its own, so that the machine's stay as they are.
# shellcheck source=tests/release/lib.sh
. "$KONTAIN_SOURCE/tests/release/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "its network takes root"
for program in ip iptables curl; do command -v $program >/dev/null || skip "there is no $program"; done
if [ "${KONTAIN_INSIDE:-}" != 1 ]; then
  exec env KONTAIN_INSIDE=1 unshare --mount --net --propagation private bash "$0"
fi
ip link set lo up
mkdir -p /var/lib/kontain
for place in /opt /usr/local/bin /run /var/lib/kontain; do mount -t tmpfs none "$place"; done
make_workdir
make_release 1.0
mkdir home
cp "$archive" home/
one_shell="$KONTAIN_SOURCE/tests/docs/one_shell.py"
# in_home SCRIPT: runs it as a user's shell would.
in_home() {
  local status=0
  (cd home && HOME=$workdir/home PATH=/usr/sbin:/usr/bin:/sbin:/bin bash "../$1") >out 2>err || status=$?
  cat out err
  expect_equal "$status" 0 "the status of $1"
}
python3 "$one_shell" "$KONTAIN_SOURCE/docs/getting-started.md" >script.sh
in_home script.sh
expect_contains out "hello from a kontainer, visitor 1"
expect_equal "$(find /opt /usr/local/bin -mindepth 1)" "" "what is left"

python3 "$one_shell" "$KONTAIN_SOURCE/README.md" tests/docs/getting_started.sh >readme.sh
echo './install.sh --uninstall' >>readme.sh
in_home readme.sh
grep -qx "Hello, world!" out || fail "the lines of README.md did not run the example"
expect_equal "$(find /opt /usr/local/bin -mindepth 1)" "" "what is left"

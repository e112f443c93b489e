# examples/demo.sh on a release made of the SDK under test: every step says something, nothing is left.
# shellcheck source=tests/release/lib.sh
. "$KONTAIN_SOURCE/tests/release/lib.sh"
need_kvm
make_workdir
make_release 1.0
mkdir home tmp
status=0
env -i HOME="$workdir/home" TMPDIR="$workdir/tmp" PATH=/usr/sbin:/usr/bin:/sbin:/bin bash "$KONTAIN_SOURCE/examples/demo.sh" "$archive" \
  >out 2>err </dev/null || status=$?
[ "$status" -eq 0 ] || { cat out err; fail "status $status"; }
for line in "10. Away again" ".kontain" "identical: sha256:" "hello"; do grep -qF -- "$line" out || { cat out err; fail "no line with: $line"; }; done
expect_equal "$(find tmp home -mindepth 1)" "" "what is left"

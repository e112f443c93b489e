#!/bin/bash
# krun-label-trigger: containers that ask for it run in a virtual machine, all others by the other runtime.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
cat >other <<'E'
#!/bin/sh
[ "$*" != "--root $PWD/state list --format json" ] || { echo '[{"id":"theirs","pid":7,"status":"running"}]'; exit; }
echo "other: $*"
exit 9
E
chmod 755 other
settings() { jq -n --arg other "$1" '{otherRuntime: $other}' >settings.json; }
settings "$PWD/other"
trap 'for id in $("$KONTAIN_SDK/bin/krun" --root "$workdir/state.krun" list -q); do "$KONTAIN_SDK/bin/krun" --root "$workdir/state.krun" delete -f "$id"; done; remove_bundle' EXIT
trigger() { timeout -k 2 60 "$KONTAIN_SDK/bin/krun-label-trigger" --settings settings.json --root "$workdir/state" "$@"; }

# in_machine YES FILTER: with the change to the configuration, run is ours or not.
cp b/config.json plain.json
in_machine() {
  cp plain.json b/config.json
  arguments uname -r
  edit "$2"
  if [ "$1" = yes ]; then
    expect_status 0 trigger run -b b "$tag"
    expect_contains out .kontain
  else
    expect_status 9 trigger run --bundle b "$tag"
    expect_equal "$(cat out)" "other: --root $workdir/state run --bundle b $tag" "what the other runtime is called with"
  fi
}
in_machine no .
in_machine yes '.annotations={"app.kontain.vm":"true"}'
in_machine no '.annotations={"app.kontain.vm":"false","app.kontain.trace":"off"}'
in_machine yes '.annotations={"app.kontain.trace":"off"}'
in_machine no '.annotations={"org.example":"x"}'
# What only the other one may understand is its to judge.
in_machine no '.linux.intelRdt={"closID":"x"}'
cp plain.json b/config.json
edit '.annotations={"app.kontain.vm":"perhaps"}'
expect_status 1 trigger run -b b "$tag"
expect_contains err "must be true or false"

# A kontainer asks by being one.
if [ -x "$KONTAIN_SDK/bin/kontain-gcc" ]; then
  echo 'int puts(const char*); int main(void) { return puts("hello") < 0; }' >hello.c
  "$KONTAIN_SDK/bin/kontain-gcc" -O1 -o b/rootfs/bin/hello.km hello.c
  for words in hello.km /bin/hello.km; do
    cp plain.json b/config.json
    arguments $words
    expect_status 0 trigger run -b b "$tag"
    expect_contains out hello
  done
fi
# Hostile names and files ask for nothing and hurt nobody.
mkfifo b/rootfs/bin/fifo
ln -s /proc/self/exe b/rootfs/bin/self
ln -s loop b/rootfs/bin/loop
printf '\177ELF' >b/rootfs/bin/short
for words in fifo self loop short ../../../../../../bin/sh ''; do
  cp plain.json b/config.json
  arguments "$words"
  expect_status 9 trigger run -b b "$tag"
done

# The other verbs go where the container is.
cp plain.json b/config.json
arguments sleep 100
edit '.annotations={"app.kontain.vm":"true"}'
trigger run -d -b b "$tag" </dev/null >/dev/null 2>&1
expect_status 0 trigger exec "$tag" uname -r
expect_contains out .kontain
expect_status 9 trigger exec theirs uname
expect_equal "$(cat out)" "other: --root $workdir/state exec theirs uname" "exec elsewhere"
expect_status 0 trigger list -q
expect_equal "$(tr '\n' ' ' <out)" "$tag theirs " "the list of both"
expect_status 0 trigger list -f json
expect_equal "$(jq -c 'map(.status)' out)" '["running","running"]' "the list of both as JSON"
expect_status 0 trigger delete -f "$tag"
expect_status 0 trigger list -q
expect_equal "$(cat out)" theirs "the list"

settings /nonexistent/runc
expect_status 1 trigger state "$tag"
expect_contains err "cannot execute: /nonexistent/runc: No such file or directory"

# With a real one.
command -v runc >/dev/null || exit 0
settings "$(command -v runc)"
cp plain.json b/config.json
arguments uname -r
expect_status 0 trigger run -b b "$tag"
expect_equal "$(cat out)" "$(uname -r)" "the kernel under runc"

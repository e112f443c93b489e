# The steps of examples/ci/kontain.yml, a user's workflow, on a release made of the SDK under test, in an empty home.
. "$KONTAIN_SOURCE/tests/release/lib.sh"
need_kvm
python3 -c 'import yaml' 2>/dev/null || skip "there is no python3-yaml"
make_workdir
make_release 1.0
mkdir home temp
cp "$KONTAIN_SOURCE"/examples/ci/* .
mkdir home/Downloads
cp "$archive" "$archive.sha256" home/Downloads/
# The lines of its README, which is written for a release of another name.
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/examples/ci/README.md" tests/release/workflow.sh |
  sed "s/kontain-0.1.0-x86_64.tar.gz/$(basename "$archive")/" >lines.sh
expect_status 0 env -i HOME="$workdir/home" TMPDIR="$workdir/temp" PATH=/usr/bin:/bin bash lines.sh
diff expected <(tail -n 1 out) || { cat out err; fail "other output than expected"; }
[ -s app.tar ] || fail "there is no image"
[ -s app.spdx.json ] || fail "there is no bill of materials"
# A step that fails ends it.
sed -i 's/kontain check app.km/kontain check missing.km/' kontain.yml
python3 run-steps.py kontain.yml >steps.sh
rm -rf home/kontain kontain
status=0
env -i HOME="$workdir/home" RUNNER_TEMP="$workdir/temp" KONTAIN_RELEASE="$archive" PATH=/usr/bin:/bin bash steps.sh >out 2>err || status=$?
[ "$status" -ne 0 ] || fail "a step that fails does not end the workflow"

#!/bin/bash
# The validation programs of OCI runtime-tools with krun, crun and runc: what either of the two passes, krun passes.
# KONTAIN_UPDATE=1 writes docs/conformance.md; otherwise krun's column there has to be what was seen.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
here=$KONTAIN_SOURCE/tests/krun/conformance
for program in go crun runc; do command -v $program >/dev/null || skip "there is no $program"; done
suite=$("$here/build.sh") || fail "the suite cannot be built"
make_workdir
document=$KONTAIN_SOURCE/docs/conformance.md
wanted=("$@")
[ $# -gt 0 ] || mapfile -t wanted < <(cd "$suite/validation" && printf '%s\n' */*.t | sed 's|.*/||; s|\.t$||')

# A runtime of one word, with a state folder of its own.
make_wrapper() {
  printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$2" "$workdir/$1.state" >"$1.sh"
  chmod 755 "$1.sh"
}
make_wrapper krun "$KONTAIN_SDK/bin/krun"
make_wrapper crun "$(command -v crun)"
make_wrapper runc "$(command -v runc)"
{
  "$KONTAIN_SDK/bin/krun" --version | sed "s/ (.*//;q"
  crun --version | head -1
  runc --version | head -1
  echo "runtime-tools ${suite##*runtime-tools-}"
} >versions

# in_mounts COMMAND...: in mounts of its own, without the host's v2 hierarchy, with which crun does not work when a
# controller is in it.
in_mounts() {
  timeout -k 2 60 unshare -m --propagation private sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh "$@"
}

# run_program RUNTIME NAME: what it says is in RUNTIME/NAME.tap, with its status at the end.
run_program() {
  local status=0 file
  file=$(cd "$suite/validation" && echo */"$2.t")
  RUNTIME=$workdir/$1.sh in_mounts env -C "$suite" "./validation/$file" >"$1/$2.tap" 2>"$1/$2.err" </dev/null || status=$?
  echo "status $status" >>"$1/$2.tap"
}

# What programs that failed have left.
remove_containers() {
  local runtime id
  for runtime in krun crun runc; do
    for id in $("./$runtime.sh" list -q 2>/dev/null); do
      in_mounts "$workdir/$runtime.sh" delete --force "$id" >/dev/null 2>&1 || true
    done
  done
}
trap 'remove_containers; rm -rf "$workdir"' EXIT

for runtime in krun crun runc; do
  mkdir $runtime
  for name in "${wanted[@]}"; do run_program $runtime "$name"; done
done
if [ -n "${KRUN_KEEP:-}" ]; then cp -r "$workdir/." "$KRUN_KEEP/"; fi
status=0
python3 "$here/report.py" "$workdir" "$here/causes.txt" >conformance.md || status=$?
[ $# -eq 0 ] || { cat conformance.md && exit; }
if [ "${KONTAIN_UPDATE:-0}" = 1 ]; then cp conformance.md "$document"; fi
[ $status -eq 0 ] || fail "see above"
verdicts() { sed -nE 's/^\| ([a-z_]+) \| ([a-z]+) \|.*/\1 \2/p' "$1"; }
diff <(verdicts "$document") <(verdicts conformance.md) || fail "docs/conformance.md says something else of krun"
sed -n 's/^The validation/The validation/p' conformance.md

#!/bin/bash
# suite.sh NAME [build|native]: builds the project NAME from Debian's source package by its own build system, untouched, with
# CC=kontain-gcc and CXX=kontain-g++, and runs its own tests twice: natively, and with everything (make and shells too)
# under km. What passes natively has to pass under km. The build and its native results are kept in build/full/projects/NAME
# for the next run; the results become a row of docs/projects.md by report.py. With a second argument it ends after that
# step, for machines on which a run must not be long.
#
# A file NAME.sh sets package, version and title, and defines build and check, which run in the unpacked folder, and
# results, which turns check's output on stdin into lines "PASS test", "FAIL test" or "SKIP test" (what automake prints,
# if it does not), and, where what a failing test says is worth comparing, a "SAYS test: line" for each of its lines. check
# runs in a shell of its own that has only the environment. leaves_out says what of the tests is left out, and why;
# native_reason why some fail natively too; differs holds the tests that may be worse under km only, and why.
set -euo pipefail
name=$1 last_step=${2:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
export KONTAIN_SOURCE=$root KONTAIN_SDK=${KONTAIN_SDK:-$root/build/sdk} KONTAIN_BUILD=${KONTAIN_BUILD:-$root/build/dev}
[ -x "$KONTAIN_SDK/bin/kontain-gcc" ] || "$root/dev" build
# shellcheck source=tests/lib/common.sh
. "$root/tests/lib/common.sh"
need_kvm
[ "$(id -u)" = 0 ] || skip "the tests' sandbox needs root"
case $KONTAIN_SDK in /tmp/*) fail "the tests' sandbox has a /tmp of its own, so the SDK cannot be in $KONTAIN_SDK" ;; esac
results() { sed -nE 's/^(PASS|FAIL|SKIP|XFAIL|ERROR): /\1 /p' | sed 's/^XFAIL /PASS /; s/^ERROR /FAIL /' | sort; }
# The same for what ctest prints.
ctest_results() { sed -nE 's/.*Test +#[0-9]+: ([^ ]+) \.+.* Passed .*/PASS \1/p; s/.*Test +#[0-9]+: ([^ ]+) \.+\*\*\*.*/FAIL \1/p'; }
leaves_out="" native_reason="" title=$name
declare -A differs=()
# shellcheck source=/dev/null
. "$root/tests/projects/$name.sh"
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
folder=$("$root/tools/dev/fetch-source.sh" "${package:?}" "${version:?}")
export CC=kontain-gcc CXX=kontain-g++ AR=kontain-ar RANLIB=kontain-ranlib NM=kontain-nm STRIP=kontain-strip
export PATH=$KONTAIN_SDK/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin jobs
jobs=$(nproc)
unset CFLAGS CXXFLAGS LDFLAGS MAKEFLAGS DISPLAY

# A folder that an ordinary user may enter, whatever the repository's is.
place=/var/tmp/kontain-projects-$(id -u)-$(echo "$root" | cksum | cut -d' ' -f1)/$name
kept=$root/build/full/projects/$name
mkdir -p "$kept"
exec {lock}>"$kept/lock"
flock "$lock" # one run of a project at a time: they use the same folders
mkdir -p "$place"
cd "$place"
trap 'rm -rf "$place"' EXIT
export HOME=$place

# made_of FUNCTION...: a name for what a build is made of, or with check what the natively run tests are.
made_of() {
  {
    find "$root/toolchain" "$root/linker" -type f -print0 | sort -z | xargs -0 cat
    cat "$KONTAIN_SDK/lib/kontain/sysroot.key"
    echo "$package $version $place" # builds have their folder in them
    declare -f "$@"
  } | sha256sum | cut -c1-16
}

# Leaves the built sources in $kept/built.tar, with the time that it took.
build_once() {
  local start=$SECONDS
  [ "$(cat "$kept/key" 2>/dev/null)" != "$(made_of build)" ] || return 0
  rm -rf tree "$kept/key" "$kept/native.key"
  mkdir tree
  tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C tree --strip-components=1 --no-same-owner
  (set -e; cd tree; build) >"$kept/build.log" 2>&1 </dev/null {lock}>&- || { tail -n 40 "$kept/build.log"; fail "$name does not build"; }
  echo "$((SECONDS - start))" >"$kept/build.seconds"
  tar -cf "$kept/built.tar" tree
  made_of build >"$kept/key"
}

# run_check WAY PREFIX...: leaves WAY.log and WAY.results in $kept. The folder is the same both times: it is in what the
# tests print.
run_check() {
  local way=$1 status=0 begin=$SECONDS failed
  shift
  rm -rf tree
  tar -xf "$kept/built.tar"
  { declare -f check; echo check; } >tree/.kontain-check
  timeout --kill-after=10 "${limit:-1200}" "$root/tests/projects/sandbox.sh" "$place/tree" "$@" /bin/bash -e .kontain-check \
    >"$kept/$way.log" 2>&1 </dev/null {lock}>&- || status=$?
  results <"$kept/$way.log" >"$kept/$way.results" || true
  echo "$((SECONDS - begin))" >"$kept/$way.seconds"
  failed=$(grep -c '^FAIL ' "$kept/$way.results" || true)
  echo "$name: $way: status $status in $((SECONDS - begin)) s: $(counts "$way")"
  [ -s "$kept/$way.results" ] || { tail -n 40 "$kept/$way.log"; fail "$name: its tests say nothing ($way)"; }
  [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || { tail -n 40 "$kept/$way.log"; fail "$name: check ends with $status ($way)"; }
  [ "$status" -ne 124 ] || fail "$name: its tests take longer than ${limit:-1200} s ($way)"
}

counts() {
  awk '{ n[$1]++ } END { printf "%d passed, %d failed, %d skipped\n", n["PASS"], n["FAIL"], n["SKIP"] }' "$kept/$1.results"
}

# lines_of KIND WAY: the results of this kind.
lines_of() { sed -n "s/^$1 //p" "$kept/$2.results" | sort -u; }
# Names that stand for several tests pass when all of them do.
passed() { comm -23 <(lines_of PASS "$1") <(lines_of FAIL "$1"); }

# Tests that passed natively or failed saying something else, and did not pass under km, one a line.
worse_under_km() (
  export LC_ALL=C
  comm -23 <({
    passed native
    comm -3 <(lines_of SAYS native) <(lines_of SAYS km) | sed 's/^\t//; s/: .*//'
  } | sort -u) <(passed km)
)

# What report.py reads: a field a line.
write_row() {
  {
    printf 'title\t%s\nversion\t%s\nbuild\t%s\n' "$title" "$version" "$(cat "$kept/build.seconds")"
    printf 'native\t%s\nnative_seconds\t%s\n' "$(counts native)" "$(cat "$kept/native.seconds")"
    printf 'km\t%s\nkm_seconds\t%s\nleaves_out\t%s\n' "$(counts km)" "$(cat "$kept/km.seconds")" "$leaves_out"
    printf 'native_reason\t%s\n' "$native_reason"
    sed -n 's/^FAIL /native_failed\t/p' "$kept/native.results"
    while IFS= read -r test; do
      [ -z "$test" ] || printf 'differs\t%s: %s\n' "$test" "${differs[$test]:-}"
    done < <(worse_under_km)
  } >"$kept/row.tsv"
}

build_once
echo "$name: built in $(cat "$kept/build.seconds") s"
[ "$last_step" != build ] || exit 0
if [ "$(cat "$kept/native.key" 2>/dev/null)" != "$(made_of build check results)" ]; then
  run_check native
  made_of build check results >"$kept/native.key"
fi
[ "$last_step" != native ] || exit 0
run_check km "$KONTAIN_SDK/bin/km"
write_row
unexpected=0
while IFS= read -r test; do
  [ -n "$test" ] || continue
  echo "$name: worse under km than natively: $test${differs[$test]:+ (known: ${differs[$test]})}"
  [ -n "${differs[$test]:-}" ] || unexpected=$((unexpected + 1))
done < <(worse_under_km)
[ "$unexpected" -eq 0 ] || fail "$name: $unexpected tests are worse under km"

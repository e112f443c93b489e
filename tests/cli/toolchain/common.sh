# What every test here starts with: a scratch directory to work in, and checks that say what they saw.
# shellcheck disable=SC2034
set -euo pipefail
KONTAIN_SDK=$(realpath "$KONTAIN_SDK")
gcc="$KONTAIN_SDK/bin/kontain-gcc"
ld="$KONTAIN_SDK/bin/kontain-ld"
read_note="$KONTAIN_BUILD/tests/cli/toolchain/read_note"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/tmp"
export TMPDIR="$scratch/tmp" LC_ALL=C
cd "$scratch"

fail() { echo "failed: $*" >&2; exit 1; }

# run STATUS COMMAND...: runs it with its output in files `out` and `err`.
run() {
  local wanted=$1 status=0
  shift
  "$@" >out 2>err || status=$?
  [ "$status" -eq "$wanted" ] || { cat out err >&2; fail "status $status instead of $wanted: $*"; }
}

# has FILE REGEX, lacks FILE REGEX
has() { grep -qE -- "$2" "$1" || { cat "$1" >&2; fail "$1 has no '$2'"; }; }
lacks() { ! grep -qE -- "$2" "$1" || { cat "$1" >&2; fail "$1 has '$2'"; }; }

# same TEXT TEXT
same() { [ "$1" = "$2" ] || fail "'$1' is not '$2'"; }

hello="$KONTAIN_SOURCE/examples/hello/hello.c"
greeting="Hello, world!"

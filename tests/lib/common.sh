# What shell tests share; a test begins with `. "$KONTAIN_SOURCE/tests/lib/common.sh"`.
# ctest sets KONTAIN_SDK (the SDK tree), KONTAIN_SOURCE (the repository) and KONTAIN_BUILD (the build tree).
# shellcheck shell=bash
set -euo pipefail
: "${KONTAIN_SDK:?run this test through ctest}" "${KONTAIN_SOURCE:?}" "${KONTAIN_BUILD:?}"
export LC_ALL=C

# fail MESSAGE...
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# skip REASON...
skip() {
  echo "skipped: $*"
  exit 77
}

# Ends the test when this machine has no usable /dev/kvm: as skipped, or as failed where KM_REQUIRE_KVM=1.
need_kvm() {
  local reason
  if [ ! -c /dev/kvm ]; then
    reason="there is no /dev/kvm"
  elif [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
    reason="no permission to open /dev/kvm"
  else
    return 0
  fi
  [ "${KM_REQUIRE_KVM:-0}" != 1 ] || fail "$reason, and KM_REQUIRE_KVM=1"
  skip "$reason"
}

# Makes a scratch directory, names it in $workdir, enters it; it is removed when the test ends.
make_workdir() {
  workdir=$(mktemp -d)
  trap 'rm -rf "$workdir"' EXIT
  cd "$workdir"
}

# expect_status N COMMAND...: runs it with its output in the files `out` and `err` of the current directory.
expect_status() {
  local wanted=$1 status=0
  shift
  "$@" >out 2>err || status=$?
  [ "$status" -eq "$wanted" ] && return
  sed 's/^/out: /' out >&2
  sed 's/^/err: /' err >&2
  fail "status $status instead of $wanted: $*"
}

# expect_equal ACTUAL EXPECTED WHAT
expect_equal() {
  [ "$1" = "$2" ] || fail "$3: got '$1', expected '$2'"
}

# expect_contains FILE TEXT: TEXT is no pattern.
expect_contains() {
  grep -qF -- "$2" "$1" && return
  sed 's/^/  /' "$1" >&2
  fail "$1 does not contain '$2'"
}

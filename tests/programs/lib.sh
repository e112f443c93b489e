# What the tests of real programs share.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
make_workdir
km=$KONTAIN_SDK/bin/km

# run_both COMMAND [ARGUMENT...]: natively, then under km; stdout, stderr and status must be equal. The native output is
# left in native.out. Standard input is /dev/null, or the file $input.
run_both() {
  local native=0 ours=0
  "$@" <"${input:-/dev/null}" >native.out 2>native.err || native=$?
  "$km" "$@" <"${input:-/dev/null}" >km.out 2>km.err || ours=$?
  expect_equal "$ours" "$native" "status of $* ($(head -c 500 km.err))"
  cmp native.out km.out || fail "stdout differs: $*"
  diff native.err km.err || fail "stderr differs: $*"
}

# unpack_source PACKAGE VERSION: the upstream sources of a Debian package, in ./source.
unpack_source() {
  local folder archive
  folder=$("$KONTAIN_SOURCE/tests/programs/fetch-source.sh" "$1" "$2")
  archive=$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')
  mkdir source
  tar -xf "$archive" -C source --strip-components=1
}

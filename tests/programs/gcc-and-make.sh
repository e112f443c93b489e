# make, g++, as and ld build a small C++ project and run it, all of it in VMs; the program is byte for byte the same.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
build() {
  cp "$payloads"/project/* .
  "${run[@]}" make -j2 check CXX=g++
  sha256sum words libtext.a | cut -c 1-64
  "${run[@]}" make -q && echo "up to date"
  touch text.hpp
  if "${run[@]}" make -q; then echo "changed, and up to date?"; fi
  "${run[@]}" make -s all && echo "built again"
  { "${run[@]}" make broken 2>&1 || echo "error: status $?"; } | sed -n 's/.*\(error: .*\)/\1/p'
}
both_ways build
expect_contains native.out "check passed"

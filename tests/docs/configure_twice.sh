# shellcheck shell=bash
# The second configuration of a build folder changes no compiler command: otherwise everything would be built twice.
# shellcheck source=tests/lib/common.sh
. "$KONTAIN_SOURCE/tests/lib/common.sh"
make_workdir
configure() {
  cmake -S "$KONTAIN_SOURCE" --preset dev -B build -DKONTAIN_SDK_DIR="$workdir/sdk" >log 2>&1 ||
    { cat log; fail "cmake"; }
}
configure
cp build/compile_commands.json first.json
configure
cmp first.json build/compile_commands.json || fail "the second configuration compiles otherwise: $(diff first.json build/compile_commands.json | head -n 4)"
grep -q -- ' -Werror ' first.json || fail "warnings are no errors"

#!/bin/bash
# suite.sh NAME: the long form of the test NAME.sh, with the SDK of this tree.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export KONTAIN_SOURCE=$root KONTAIN_SDK=${KONTAIN_SDK:-$root/build/sdk} KONTAIN_BUILD=${KONTAIN_BUILD:-$root/build/dev}
[ -x "$KONTAIN_SDK/bin/km" ] || "$root/dev" build
exec bash "$root/tests/programs/$1.sh" full

#!/usr/bin/env bash
# A long suite of `./dev test --full`: suite.sh many | torture. Needs a built SDK and build tree (./dev build).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export KONTAIN_SDK=$PWD/build/sdk KONTAIN_SOURCE=$PWD KONTAIN_BUILD=$PWD/build/dev
status=0

compare() { python3 tests/conformance/compare.py "$@" || status=$?; }

case "${1:?many or torture}" in
  many)
    export CONFORMANCE_SECONDS=300
    compare --calls patched many.c glibc
    compare --calls exitless many.c fixed
    compare --calls exit many.c static-pie
    ;;
  torture)
    export CONFORMANCE_SECONDS=180
    for ((turn = 0; turn < 20; turn++)); do
      builds=(glibc fixed static-pie)
      modes=(exit exitless patched)
      compare --only-km --calls "${modes[turn / 3 % 3]}" torture.c "${builds[turn % 3]}" one_minute
    done
    ;;
  *)
    echo "no such suite: $1" >&2
    exit 2
    ;;
esac
exit "$status"

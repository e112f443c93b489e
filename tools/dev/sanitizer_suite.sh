#!/usr/bin/env bash
# sanitizer_suite.sh PRESET: the unit tests of an instrumented build. Nothing here starts a guest: the sanitizers'
# shadow memory lies in the guest ranges.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
preset=$1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS=detect_stack_use_after_return=1
export TSAN_OPTIONS=halt_on_error=1
./dev build --preset "$preset"
ctest --test-dir "build/$preset" -R '^unit/' -j2 --output-on-failure --no-tests=error

#!/usr/bin/env bash
# Runs one script of this folder against the SDK of build/dev: suite.sh NAME [ARGUMENTS].
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export KONTAIN_SDK=$PWD/build/sdk KONTAIN_SOURCE=$PWD KONTAIN_BUILD=$PWD/build/dev
exec bash "tests/krun/$1.sh" "${@:2}"

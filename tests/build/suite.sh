#!/bin/bash
# suite.sh NAME [ARGUMENTS...]: runs that suite outside ctest, as ./dev test --full does.
top=$(cd "$(dirname "$0")/../.." && pwd)
export KONTAIN_SOURCE=$top KONTAIN_SDK=$top/build/sdk KONTAIN_BUILD=$top/build/dev
name=$1
shift
exec bash "$top/tests/build/$name.sh" "$@"

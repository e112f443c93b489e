# Debian's coreutils and findutils, and the small tools beside them.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
tools() { "${run[@]}" /bin/bash "$payloads/tools.bash" 2>&1 | sed -E 's/(line [0-9]+:) +[0-9]+ /\1 PID /'; }
both_ways tools
expect_contains native.out "the script ended"

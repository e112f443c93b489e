#!/bin/bash
# km/trace writes what strace writes: the probe's calls, by both.
set -eu
command -v strace >/dev/null || { echo "strace is not installed"; exit 77; }
probe="$KONTAIN_BUILD/tests/unit/trace/trace_probe"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
TZ=UTC strace -o strace.txt "$probe" >ours.txt || { echo "strace cannot trace here"; exit 77; }
sed 's| /\* [0-9.]* s \*/||; 1,/^getsid(-4242)/d; /^getsid(-4242)/,$d' strace.txt >theirs.txt
[ "$(wc -l <ours.txt)" -gt 150 ] || { echo "the probe made too few calls"; exit 1; }
diff theirs.txt ours.txt

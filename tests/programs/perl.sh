# Debian's perl: processes, pipes, sockets, signals, locks, and a sort of many lines.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
perl_script() { "${run[@]}" /usr/bin/perl -w "$payloads/processes.pl" 2>&1; }
both_ways perl_script
expect_contains native.out "the script ended"

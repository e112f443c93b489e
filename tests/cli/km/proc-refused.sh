# What would show the monitor, or another process's private files, cannot be opened, whatever path leads there.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
python=/usr/bin/python3
"$km" "$python" "$KONTAIN_SOURCE/tests/cli/km/payloads/proc_refused.py" >out </dev/null
expect_equal "$(cat out)" done "files that could be opened"

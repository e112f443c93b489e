# What would show the monitor, or another process's private files, cannot be opened, whatever path leads there.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
python=/usr/bin/python3
"$km" "$python" "$KONTAIN_SOURCE/tests/cli/km/payloads/proc_refused.py" >out </dev/null
expect_equal "$(cat out)" "done" "files that could be opened"

# A procfs at another place is no way round. Without the right to mount there is none.
mkdir elsewhere
unshare --mount --propagation private sh -c 'mount --bind /proc elsewhere' || exit 0
for file in self/maps self/environ self/exe self/mem self/fd 1/maps; do
  # The words of the inner shell are its own.
  # shellcheck disable=SC2016
  expect_status 1 unshare --mount --propagation private sh -c \
    'mount --bind /proc elsewhere && exec "$0" /bin/busybox cat "elsewhere/$1"' "$km" "$file"
  expect_contains err "Permission denied"
done

# --trace prints what strace prints for the same program.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload calls
exec 3<&- 4<&- 5<&- 6<&-
echo "some input" >input
expect_status 0 "$km" --trace='!arch_prctl,set_tid_address' ./calls
cp err km-lines
expect_contains km-lines 'openat(AT_FDCWD, "input", O_RDONLY|O_LARGEFILE|O_CLOEXEC) = 3'
expect_contains km-lines 'read(3, "some input\n", 64)             = 11'
expect_contains km-lines 'openat(AT_FDCWD, "missing", O_RDONLY|O_LARGEFILE) = -1 ENOENT (No such file or directory)'
expect_contains km-lines '+++ exited with 0 +++'
if strace -o strace-lines ./calls 2>/dev/null; then
  grep -vE '^(execve|arch_prctl|set_tid_address|\+\+\+)' strace-lines | sed 's/  */ /g' >wanted
  grep -v '^+++' err | sed 's/  */ /g' >got
  diff wanted got || fail "the trace differs from strace's"
fi
expect_status 0 "$km" --trace=openat --trace-file trace.txt ./calls
expect_equal "$(grep -c '^openat' trace.txt)" 2 "filtered lines"
expect_equal "$(cat err)" "" "stderr with --trace-file"

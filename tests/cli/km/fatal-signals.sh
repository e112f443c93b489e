# Exceptions end km with the signal they end a native process with, and one line says where.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload crash
ulimit -c 0
while read -r what name words; do
  native=0
  ./crash "$what" >/dev/null 2>&1 || native=$?
  [ "$native" -gt 128 ] || fail "$what does not crash natively"
  expect_status "$native" "$km" ./crash "$what"
  one_line_error "./crash: killed by $name ($words): address 0x"
done <<'T'
divide SIGFPE integer division
null SIGSEGV address not mapped
read-only SIGSEGV not writable
no-execute SIGSEGV not executable
illegal SIGILL illegal instruction
breakpoint SIGTRAP breakpoint
stack SIGSEGV address not mapped
general SIGSEGV general protection
lost-page SIGBUS no memory or file behind the address
T
expect_status 139 "$km" ./crash null
expect_contains err "address 0x0, rip 0x"

# Only who started km by hand is told where a fault was: a child's parent, or the reader of a container's output, sees
# what is there natively.
for command in './crash null; exit $?' 'exec ./crash null'; do
  expect_status 139 "$km" /bin/sh -c "$command"
  if grep '^km:' err; then fail "sh -c '$command' has a line of km's on stderr"; fi
done

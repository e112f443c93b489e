# --trace shows signals, interrupted calls and the ends of threads as strace -f does, and whose line each is.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload signalled
expect_status 139 "$km" --trace --trace-file=km-lines ./signalled

# without_numbers FILE: what differs from run to run is left out; the calls, but for the interrupted one, too.
without_numbers() {
  sed -E 's/(\[pid|si_pid=) *[0-9]+/\1 N/g; s/read\([0-9]+/read(FD/; s/<\.\.\. read resumed>/read(FD, /; s/0x[0-9a-f]{3,}/ADDRESS/g; s/  +/ /g; s/si_[us]time=[0-9]+/TIME/g; s/si_ptr=[^}]+/POINTER/' "$1" |
    grep -E '(^|\] )(---|\+\+\+)|ERESTART'
}
without_numbers km-lines >got
expect_contains got '[pid N] read(FD, ADDRESS, 1) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)'
for line in '--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_QUEUE, si_pid= N, si_uid=0, si_int=7, POINTER} ---' \
  '[pid N] --- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---' '[pid N] +++ exited with 3 +++' \
  '[pid N] --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid= N, si_uid=0, si_status=3, TIME, TIME} ---' \
  '[pid N] +++ exited with 0 +++' '[pid N] --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x8} ---' \
  '[pid N] +++ killed by SIGSEGV +++'; do
  grep -qxF -- "$line" got || fail "no line: $line
$(cat got)"
done
# An executed program goes on with it.
expect_status 0 "$km" --trace=%process --trace-file=exec-lines /bin/sh -c '/bin/true; /bin/true'
expect_equal "$(grep -c '^\[pid *[0-9]*\] execve("/bin/true"' exec-lines)" 2 "children that execute"
expect_equal "$(grep -c '^\[pid *[0-9]*\] +++ exited with 0 +++' exec-lines)" 3 "ends"

# strace has the same lines.
if strace -f -o strace-lines ./signalled 2>/dev/null || [ -s strace-lines ]; then
  sed -i 's/^[0-9]* *//' strace-lines
  without_numbers strace-lines | sort >wanted
  sed 's/^\[pid N\] //' got | sort >got-sorted
  diff wanted got-sorted || fail "the lines differ from strace's"
fi

# GNU coreutils: `make check` of some of its tests, each program's among them, as an ordinary user.
# shellcheck shell=bash disable=SC2034,SC2046,SC2086,SC2154
package=coreutils version=9.1-1 title="GNU coreutils"
cp="attr-existing backup-1 link-symlink parent-perm preserve-link proc-short-read reflink-auto special-f"
misc="cat-buf cat-proc cat-self chroot-fail cksum-c close-stdout csplit date-sec env-null env-signal-handler factor-parallel
  head-write-error kill md5sum-parallel mknod nice-fail nproc-avail od-N printenv pwd-option readlink-fp-loop seq-epipe
  shred-exact sleep sort-exit-early sort-merge-fdlimit sort-rand sort-unique stat-fmt stdbuf sync tee test-N timeout
  timeout-group truncate-fifo tty uniq-perf wc-parallel yes"
rm="cycle deep-1 dir-no-w empty-inacc f-1 fail-eacces isatty r-1"
tail="F-vs-rename follow-name follow-stdin inotify-only-regular pid pipe-f truncate"
chosen="chmod/c-option chmod/no-x $(printf 'cp/%s ' $cp) dd/bytes dd/direct dd/sparse dd/stats dd/stderr df/df-P du/deref
  du/hard-link fmt/non-space id/uid install/create-leading ln/relative ln/sf-1 ls/color-ext ls/dired ls/inode ls/recursive
  ls/removed-directory ls/rt-1 ls/stat-failed $(printf 'misc/%s ' $misc) mkdir/p-3 mkdir/special-1 mv/atomic mv/force
  mv/into-self mv/mv-n mv/part-rename mv/update readlink/rl-1 $(printf 'rm/%s ' $rm) rmdir/ignore split/filter split/lines
  $(printf 'tail-2/%s ' $tail) touch/60-seconds touch/fifo touch/not-owner"
leaves_out="all but $(echo $chosen | wc -w) of its 634 tests, of which an ordinary user skips 139: each starts a hundred processes"
differs["tests/mv/atomic.sh"]="skipped: it looks with strace, which needs ptrace"
differs["tests/tail-2/inotify-only-regular.sh"]="skipped: it looks with strace, which needs ptrace"
build() { FORCE_UNSAFE_CONFIGURE=1 ./configure --disable-nls && make -j"$jobs"; }
# The names are set here, because check runs alone.
eval "check() { make -k -j2 check-TESTS TESTS='$(printf 'tests/%s.sh ' $chosen)'; }"

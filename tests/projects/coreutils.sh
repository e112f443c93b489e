# GNU coreutils: `make check` of some of its tests, each program's among them, as an ordinary user.
# shellcheck shell=bash disable=SC2034,SC2046,SC2086,SC2154
package=coreutils version=9.1-1 title="GNU coreutils"
cp="attr-existing backup-1 cp-HL dir-rm-dest existing-perm-dir link-symlink parent-perm preserve-link proc-short-read
  reflink-auto sparse sparse-2 special-f"
dd="bytes direct nocache not-rewound skip-seek-past-file sparse stats stderr"
ls="a-option color-ext dired inode m-option recursive removed-directory rt-1 stat-failed symlink-slash"
misc="b2sum cat-buf cat-proc cat-self chroot-fail cksum-c close-stdout csplit date-sec date-tz env-null
  env-signal-handler factor-parallel false-status groups-dash head-pos head-write-error kill ls-time md5sum-parallel mknod
  nice-fail nohup nproc-avail od-N od-float pathchk1 printenv printf-hex ptx-overrun pwd-option readlink-fp-loop
  runcon-no-reorder seq-epipe shred-exact shuf sleep sort-compress sort-continue sort-exit-early sort-merge-fdlimit
  sort-rand sort-unique stat-fmt stat-nanoseconds stdbuf sum-sysv sync tac-2-nonseekable tee test-N timeout
  timeout-group timeout-parameters truncate-fifo truncate-relative tty uniq-perf wc-parallel wc-proc yes"
mv="atomic backup-dir force hard-3 into-self mv-n part-rename update"
rm="cycle deep-1 deep-2 dir-no-w empty-inacc f-1 fail-eacces isatty r-1 readdir-bug unread2"
tail="F-vs-rename follow-name follow-stdin inotify-only-regular inotify-rotate pid pipe-f start-middle tail-c truncate"
chosen="chmod/c-option chmod/equals chmod/no-x chown/deref $(printf 'cp/%s ' $cp) $(printf 'dd/%s ' $dd) df/df-P df/header
  du/basic du/deref du/hard-link du/inaccessible-cwd fmt/non-space id/uid install/create-leading install/trap
  ln/hard-backup ln/relative ln/sf-1 $(printf 'ls/%s ' $ls) $(printf 'misc/%s ' $misc) mkdir/p-3 mkdir/parents
  mkdir/special-1 $(printf 'mv/%s ' $mv) readlink/multi readlink/rl-1 $(printf 'rm/%s ' $rm) rmdir/fail-perm rmdir/ignore
  split/filter split/guard-input split/lines split/numeric split/r-chunk $(printf 'tail-2/%s ' $tail) touch/60-seconds
  touch/dangling-symlink touch/fifo touch/no-create-missing touch/not-owner"
leaves_out="all but $(echo $chosen | wc -w) of its 634 tests, of which an ordinary user skips 139: each starts a hundred processes"
differs["tests/mv/atomic.sh"]="skipped: it looks with strace, which needs ptrace"
differs["tests/tail-2/inotify-only-regular.sh"]="skipped: it looks with strace, which needs ptrace"
build() { FORCE_UNSAFE_CONFIGURE=1 ./configure --disable-nls && make -j"$jobs"; }
# The names are set here, because check runs alone.
eval "check() { make -k -j2 check-TESTS TESTS='$(printf 'tests/%s.sh ' $chosen)'; }"

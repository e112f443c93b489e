# SQLite's tests in Tcl, on the Tcl that its source package makes with the same compiler.
# shellcheck shell=bash disable=SC2034,SC2086,SC2116,SC2154
package=sqlite3 version=3.40.1-2+deb12u2 title="SQLite in Tcl"
files="alter atomic atomic2 avfs backup4 blob busy chunksize crash5 crash8 crashM date delete_db exclusive exclusive2
  expr external_reader fallocate fts3aa incrvacuum incrvacuum2 incrvacuum3 insert2 insert3 io join join2 join4
  journal1 journal2 journal3 jrnlmode jrnlmode2 jrnlmode3 json101 lock lock2 lock3 lock4 lock5 lock6 lock7
  memjournal mjournal mmap1 mmap2 mmap3 mutex1 nockpt nolock notify1 notify2 notify3 pager3 pager4 pageropt quota
  quota2 rdonly rollback rollback2 rowallock savepoint savepoint5 savepoint7 select1 select2 select3 select4
  select5 select6 select7 select8 shared shared2 shared3 shared4 shared6 shared7 shared8 shared9 sharedA sharedB
  sharedlock shell1 shell2 shell3 shell4 shell5 shell6 shell7 shell8 snapshot snapshot2 snapshot3 snapshot4
  subjournal superlock symlink symlink2 sync sync2 syscall tempdb tempdb2 thread1 thread2 trigger1 trigger2
  trigger3 types unixexcl update upsert1 vacuum vacuum2 vacuum4 vacuum5 view wal6 wal7 wal8 walbak walbig walblock
  walcksum walhook walmode walnoshm waloverwrite walpersist walprotocol2 walro walshared window1"
leaves_out="all but $(echo $files | wc -w) of its some 1,100 files of tests: chosen are quick ones, and most of those with crashes, faults and many threads take long"
build() {
  mkdir tcl
  tar -xf "$(find "$("$KONTAIN_SOURCE/tools/dev/fetch-source.sh" tcl8.6 8.6.13+dfsg-2)" -name '*.orig.tar.*' ! -name '*.asc')" \
    -C tcl --strip-components=1 --no-same-owner
  (cd tcl/compat/zlib && ./configure --static && make libz.a) &&
    (cd tcl/unix && ./configure --disable-shared --prefix="$PWD/../../with" && make -j"$jobs" binaries libraries &&
      make install-binaries install-libraries install-headers) &&
    PATH=$PWD/with/bin:$PATH ./configure --with-tcl="$PWD/with/lib" --disable-readline --disable-load-extension --enable-all \
      CFLAGS="-g -O2 -I$PWD/tcl/compat/zlib" LDFLAGS="-L$PWD/tcl/compat/zlib" && make -j"$jobs" testfixture sqlite3
}
# The names are set here, because check runs alone. Each file runs in a folder of its own, two at a time.
eval "check() {
  mkdir results
  printf '%s\n' $(echo $files) | xargs -P 2 -I {} sh -c 'mkdir -p in/{} && cd in/{} && ../../testfixture ../../test/{}.test \
    >../../results/{} 2>&1; rm -rf ../{}'
  tail -n +1 results/*
}"
# Each test, and each file with the number of its tests.
results() {
  LC_ALL=C awk '/^==> results\/.* <==$/ { file = $2; sub(/.*\//, "", file) }
    /\.\.\. Ok$/ { sub(/\.\.\. Ok$/, ""); print "PASS " $0 }
    /^!Failures on these tests: / { for (i = 5; i <= NF; i++) print "FAIL " $i }
    /^[0-9]+ errors out of [0-9]+ tests/ { print ($1 ? "FAIL " : "PASS ") file ": " $5 " tests" }' | sort -u
}

# SQLite: `make fuzztest`, which runs its collected data bases and queries through every check it has.
# shellcheck shell=bash disable=SC2034,SC2154
package=sqlite3 version=3.40.1-2+deb12u2 title=SQLite
leaves_out="the Tcl tests, which are a suite of their own"
build() {
  # Session fuzzing reads its data through zlib.
  mkdir zlib
  tar -xf "$(find "$("$KONTAIN_SOURCE/tools/dev/fetch-source.sh" zlib 1:1.2.13.dfsg-1)" -name '*.orig.tar.*' ! -name '*.asc')" \
    -C zlib --strip-components=1 --no-same-owner
  (cd zlib && ./configure --static && make -j"$jobs" libz.a) &&
    ./configure --disable-tcl --disable-readline --disable-load-extension CFLAGS="-g -O2 -I$PWD/zlib" LDFLAGS="-L$PWD/zlib" &&
    make -j"$jobs" sqlite3 fuzzcheck sessionfuzz
}
check() { make fuzztest; }
results() {
  sed -nE 's/^(fuzzdata[0-9]+\.db):.* 100% - ([0-9]+ tests)$/PASS \1: \2/p; s/^(sessionfuzz-data[0-9]+\.db): +([0-9]+ cases), 0 crashes$/PASS \1: \2/p
    s/^fuzzcheck: 0 errors out of ([0-9]+ tests) .*/PASS fuzzcheck: \1/p'
}

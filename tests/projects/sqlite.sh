# SQLite: `make fuzztest`, which runs its collected data bases and queries through every check it has.
# shellcheck shell=bash disable=SC2034,SC2154
package=sqlite3 version=3.40.1-2+deb12u2 title=SQLite
leaves_out="the Tcl tests: they need a Tcl that is linked against the SDK's libc"
build() { ./configure --disable-tcl --disable-readline --disable-load-extension && make -j"$jobs" sqlite3 fuzzcheck sessionfuzz; }
check() { make fuzztest; }
results() { sed -nE 's/^(fuzzdata[0-9]*\.db|sessionfuzz[^:]*|fuzzcheck):? *(.*[0-9]+) (cases|tests|errors).*/\1 \2 \3/p' | sed -E 's/^/PASS /; s/ in [0-9.]* seconds//'; }

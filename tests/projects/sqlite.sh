# SQLite: `make fuzztest`, which runs its collected data bases and queries through every check it has.
# shellcheck shell=bash disable=SC2034,SC2154
package=sqlite3 version=3.40.1-2+deb12u2
build() { ./configure --disable-tcl --disable-readline --disable-load-extension && make -j"$jobs" sqlite3 fuzzcheck sessionfuzz; }
check() { make fuzztest; }
results() { grep -E '^(fuzzdata|sessionfuzz|fuzzcheck).*' | sed 's/ in [0-9.]* seconds//; s/, [0-9.]* seconds//; s/using [0-9]* MB//'; }

# RE2: its own tests, linked statically.
# shellcheck shell=bash disable=SC2034,SC2154,SC2046
package=re2 version=20220601+dfsg-1 title=RE2
leaves_out="the exhaustive tests (bigtest), which take hours"
build() { make -j"$jobs" $(make -pn | sed -n 's/^TESTS *:*= *//p'); }
check() { make static-test; }
results() { sed -nE 's/^(obj\/test\/[a-z0-9_]+) +(PASS|FAIL).*/\2 \1/p'; }

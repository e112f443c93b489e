# RE2: its own tests, linked statically. Debian's source is without the tables that are made from Unicode's files; the
# build makes them, from Debian's package of those files where it would fetch them from the network.
# shellcheck shell=bash disable=SC2034,SC2154
package=re2 version=20220601+dfsg-1 title=RE2
leaves_out="the exhaustive tests (bigtest), which take hours"
build() {
  local unicode tests
  unicode=$("$KONTAIN_SOURCE/tests/programs/fetch-package.sh" unicode-data)/usr/share/unicode
  sed -i "s|^_UNICODE_DIR = .*|_UNICODE_DIR = \"$unicode\"|" re2/unicode.py
  mapfile -t tests < <(make -pn REBUILD_TABLES=1 | sed -n 's/^TESTS *:*= *//p' | xargs -n 1)
  make -j"$jobs" REBUILD_TABLES=1 "${tests[@]}"
}
check() { make static-test; }
results() { sed -nE 's/^(obj\/test\/[a-z0-9_]+) +(PASS|FAIL).*/\2 \1/p'; }

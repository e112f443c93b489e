# The web pages: every document has one, and every link of every page leads to a page, to a heading too.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
for program in lowdown mandoc git; do command -v $program >/dev/null || skip "there is no $program"; done
make_workdir
"$KONTAIN_SOURCE/dev" docs "$workdir/site" >/dev/null
for name in index README docs/getting-started docs/guide/containers docs/syscalls man/km.1; do
  [ -s "site/$name.html" ] || fail "there is no $name.html"
done
grep -q '<table>' site/docs/index.html || fail "tables are not rendered"
python3 "$KONTAIN_SOURCE/tests/docs/check_site.py" site

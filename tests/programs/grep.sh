# grep -r over this repository's sources.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
run_both grep -rn 'PROT_READ' "$KONTAIN_SOURCE/km"
[ -s native.out ] || fail "grep found nothing"
run_both grep -rnE '^(struct|class) [A-Z]' "$KONTAIN_SOURCE/km" "$KONTAIN_SOURCE/base"
run_both grep -r no-such-text-anywhere-in-here "$KONTAIN_SOURCE/docs"
run_both grep -c . /nonexistent

# Compression there and back, each direction under km.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
seq 1 400000 >plain
run_both gzip -9 -c plain
cp km.out plain.gz
run_both gzip -dc plain.gz
cmp plain km.out
run_both xz -2 -T1 -c plain
cp km.out plain.xz
run_both xz -dc plain.xz
cmp plain km.out
head -c 1000 plain.xz >cut.xz
run_both xz -dc cut.xz
expect_equal "$(wc -l <native.err)" 1 "lines about the damaged file"

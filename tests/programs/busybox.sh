# Debian's static busybox, unmodified.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
busybox=/bin/busybox
seq 1 20000 >numbers
run_both "$busybox" echo hello
run_both "$busybox" sort -rn numbers
run_both "$busybox" awk '{ s += $1 * $1 } END { print s, NR }' numbers
run_both "$busybox" sed -n 's/^1\(.*\)9$/\1/p' numbers
run_both "$busybox" find "$KONTAIN_SOURCE/base" -name '*.h'
run_both "$busybox" md5sum numbers
run_both "$busybox" tar -cf - numbers
run_both "$busybox" cat /no/such/file
run_both "$busybox" expr 6 '*' 7
run_both "$busybox" stat -c '%n %s %a' numbers
run_both "$busybox" diff numbers /dev/null
run_both "$busybox" false
run_both "$busybox" no-such-applet

# sha256sum of 100 MB.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
head -c 100000000 /dev/zero | openssl enc -aes-128-ctr -K 00000000000000000000000000000001 -iv 0 2>/dev/null >data ||
  head -c 100000000 /dev/urandom >data
expect_equal "$(stat -c %s data)" 100000000 "size of the data"
run_both sha256sum data

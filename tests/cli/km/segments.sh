# System V shared memory behaves as natively and is gone afterwards.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload segments
./segments >native || fail "segments fails natively"
expect_status 0 "$km" ./segments
cmp native out || fail "differs from native: $(diff native out)"
expect_status 0 "$km" --trace=shmget,shmat,shmdt --trace-file trace ./segments
expect_contains trace "shmget(IPC_PRIVATE, 12288, IPC_CREAT|0600) = "
expect_contains trace ", SHM_RND|SHM_REMAP) = 0x"

#!/bin/bash
# The store: names, garbage collection, a cache that knows when it is wrong, and what happens to strangers' folders.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
make_workdir
make_payload app.km
blobs() { find store/blobs -type f | wc -l; }

kb -t app --payload app.km >/dev/null
kb -t app:v2 --payload app.km --arg x >/dev/null
kb tag app registry.test/other/app:v1
expect_equal "$(kb ls | awk 'NR > 1 { print $1 }' | paste -sd' ')" "app:latest app:v2 registry.test/other/app:v1" names
kb rm app
expect_status 1 kb rm app
expect_equal "$(cat err)" "kontain-build: image: app: not in the store" "message of rm"
kb gc >/dev/null
expect_equal "$(blobs)" 5 "blobs of two images that share a layer"
kb rm registry.test/other/app:v1
kb gc --cache-days 0 >out
expect_equal "$(blobs)" 3 "blobs of one image"
kb unpack app:v2 unpacked >/dev/null
kb rm app:v2
kb gc --cache-days 0 >out
expect_equal "$(blobs)" 0 "blobs of no image"

# What a killed build left is gone with the next gc.
touch store/tmp/leftover
kb gc >/dev/null
[ ! -e store/tmp/leftover ] || fail "tmp is not cleaned"

# The cache: nothing is compressed twice, and a changed file is seen although size and mtime are the same.
printf 'aaaa' >file
touch -d 2001-01-01 file
sleep 3.1
first=$(kb --payload app.km --copy file:/f --print digest)
strace -f -e trace=write,pwrite64 -s 0 -o trace "$build_tool" --store "$workdir/store" --payload app.km --copy file:/f --print digest >again
expect_equal "$(cat again)" "$first" "digest from the cache"
# Only the digest is written, and no layer.
[ "$(grep -c 'write(' trace)" -le 1 ] || fail "a layer was written again: $(cat trace)"
printf 'bbbb' >file
touch -d 2001-01-01 file
[ "$(kb --payload app.km --copy file:/f --print digest)" != "$first" ] || fail "a changed file came from the cache"

# Several at once.
for i in 1 2 3 4 5 6; do kb -t "many:$i" --payload app.km --arg "$i" >/dev/null & done
wait
expect_equal "$(kb ls | grep -c '^many:')" 6 "images of builds at the same time"

# Somebody else's folder is no store.
mkdir strange
echo x >strange/oci-layout
echo '{}' >strange/index.json
expect_status 1 "$build_tool" --store strange ls
expect_contains err "kontain-build: oci-layout: not valid JSON"
expect_status 1 "$build_tool" --store app.km ls

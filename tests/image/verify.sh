#!/bin/bash
# verify and diff: identical is said of what is, and the first changed byte or field is named.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
make_workdir
make_payload app.km
mkdir data
printf 'some content\n' >data/file
digest=$(kb -t app --payload app.km --copy data:/data --print digest)
expect_status 0 kb verify app
expect_equal "$(cat out)" "identical: $digest" "verify of an unchanged image"

# different TEXT: verify says so.
different() {
  expect_status 3 kb verify app
  expect_equal "$(cat out)" "different: $1" "verify"
}
printf 'sOme content\n' >data/file
different "layer 1: data/file: content: byte 1: 0x6f is 0x4f"
printf 'some content\n' >data/file
expect_status 0 kb verify app
chmod 755 data/file
different "layer 1: data/file: mode: 0644 is 0755"
chmod 644 data/file
touch data/more
different "layer 1: data/more: is new"
rm data/more data/file
different "layer 1: data/file: is missing"
printf 'some content\n' >data/file
# One byte of the payload.
printf '\x01' | dd of=app.km bs=1 seek=100 conv=notrunc status=none
expect_status 3 kb verify app
expect_contains out "different: layer 1: app.km: content: byte 100: "
make_payload app.km
expect_status 0 kb verify app

# A byte that changed in the store is found by reading it.
layer=$(kb inspect app --show manifest | jq -r '.layers[0].digest')
blob=store/blobs/sha256/${layer#sha256:}
cp "$blob" saved
printf '\xff' | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none
expect_status 1 kb verify app
expect_contains err "kontain-build: blob: $layer: "
cp saved "$blob"
expect_status 0 kb verify app

# An image from elsewhere has no recipe.
kb copy app oci:layout >/dev/null
"$build_tool" --store other pull oci:layout >/dev/null
expect_status 1 "$build_tool" --store other verify "$digest"

# diff lists files, whatever the layers.
expect_status 0 kb diff app app
printf 'other\n' >data/file
touch data/new
kb -t changed --payload app.km --copy data:/data >/dev/null
expect_status 3 kb diff app changed
expect_equal "$(cat out)" "C /data/file: size 13 6, content
A /data/new" diff

#!/bin/bash
# Images for several platforms: pull takes the one for this machine, or all of them; copy keeps what it copies; and what
# an index may not do.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
need jq
make_workdir
make_payload app.km

# An index with an image for another machine first.
kb -t ours --payload app.km --arg ours -o oci:layout:ours >/dev/null
kb -t theirs --payload app.km --arg theirs -o oci:layout:theirs >/dev/null
descriptor() { kb inspect "$1" --show raw >raw && printf '{"mediaType":"%s","digest":"sha256:%s","size":%s,"platform":{"os":"linux","architecture":"%s"}}' \
  application/vnd.oci.image.manifest.v1+json "$(sha256sum <raw | cut -c1-64)" "$(stat -c %s raw)" "$2"; }
# name_index TEXT: it is what the layout calls `both`.
name_index() {
  local digest
  digest=$(printf %s "$1" | sha256sum | cut -c1-64)
  printf %s "$1" >"layout/blobs/sha256/$digest"
  jq -c --arg digest "sha256:$digest" --argjson size "${#1}" '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] != "both")) |
    .manifests += [{mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size,
      annotations: {"org.opencontainers.image.ref.name": "both"}}]' layout/index.json >changed
  mv changed layout/index.json
  echo "sha256:$digest"
}
index_of() { printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' "$1"; }
both=$(name_index "$(index_of "$(descriptor theirs arm64),$(descriptor ours amd64)")")
ours=$(kb inspect ours | jq -r .digest)
theirs=$(kb inspect theirs | jq -r .digest)
fresh() { rm -rf "$1" && "$build_tool" --store "$@"; }
has() { [ -e "$1/blobs/sha256/${2#sha256:}" ]; }

expect_equal "$(fresh one pull oci:layout:both)" "$ours" "what a pull takes"
if has one "$theirs"; then fail "the other machine's image was pulled"; fi
expect_equal "$(fresh all pull --all-platforms oci:layout:both)" "$both" "what a pull of all platforms takes"
has all "$theirs" || fail "the other machine's image was not pulled"
expect_equal "$("$build_tool" --store all ls --format json | jq -r '.[].mediaType')" application/vnd.oci.image.index.v1+json "what is in the store"
expect_equal "$("$build_tool" --store all inspect "$both" | jq -r '.config.config.Cmd[0]')" ours "the image of this machine in it"
"$build_tool" --store all unpack "$both" unpacked >/dev/null
cmp unpacked/rootfs/app.km app.km || fail "unpack of an index"
"$build_tool" --store all gc --cache-days 0 >/dev/null
has all "$theirs" || fail "gc does not see what an index reaches"
expect_equal "$(fresh copied copy oci:layout:both oci:second:both)" "$both" "a copy"
has second "$theirs" || fail "the copy lacks the other machine's image"

# None for this machine; and an index in itself, deep down.
name_index "$(index_of "$(descriptor theirs arm64)")" >/dev/null
expect_status 1 fresh one pull oci:layout:both
expect_contains err "no image for linux/amd64"
inner=$(descriptor ours amd64)
for _ in $(seq 12); do
  outer=$(name_index "$(index_of "$inner")")
  inner="{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"digest\":\"$outer\",\"size\":$(stat -c %s "layout/blobs/sha256/${outer#sha256:}")}"
done
expect_status 1 fresh one pull oci:layout:both
expect_contains err "indexes within indexes"

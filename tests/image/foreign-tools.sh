#!/bin/bash
# skopeo, umoci and buildah read what kontain-build writes, and the other way round; all see the same files.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
need skopeo umoci
make_workdir
make_payload app.km
mkdir -p data/sub
echo one >data/one
ln -s ../one data/sub/link
seq 1 300000 >data/large
# tree FOLDER: every file with type, mode and content.
tree() { (cd "$1" && find . -mindepth 1 -printf '%y %m %P %l\n' | sort && find . -type f -exec sha256sum {} + | sort); }

for compression in gzip zstd none; do
  digest=$(kb -t app:$compression --payload app.km --copy data:/data --compression $compression --print digest)
  kb copy app:$compression "oci:layout:$compression" >/dev/null
  kb copy app:$compression "oci-archive:$compression.tar:app:$compression" >/dev/null
  kb copy app:$compression "docker-archive:docker-$compression.tar" >/dev/null
  kb unpack app:$compression "ours-$compression" >/dev/null

  expect_equal "$(skopeo inspect --format '{{.Digest}}' "oci:layout:$compression")" "$digest" "skopeo inspect, $compression"
  expect_equal "$(skopeo inspect --config "oci-archive:$compression.tar" | jq -c .config.Entrypoint)" '["/app.km"]' "entrypoint"
  skopeo copy --quiet "oci-archive:$compression.tar" "dir:dir-$compression"
  skopeo copy --quiet "docker-archive:docker-$compression.tar" "oci:from-docker-$compression:app"
  "$build_tool" --store back unpack "oci:from-docker-$compression" "back-$compression" >/dev/null
  expect_equal "$(tree "back-$compression/rootfs")" "$(tree "ours-$compression/rootfs")" "files by skopeo, $compression"
done

# A name is complete wherever it goes; an image that has none in the store goes without.
kb copy app:gzip docker-archive:named.tar:other >/dev/null
expect_equal "$(tar -xOf named.tar manifest.json | jq -c '.[0].RepoTags')" '["other:latest"]' "name given for an archive"
expect_equal "$(tar -xOf docker-gzip.tar manifest.json | jq -c '.[0].RepoTags')" '["app:gzip"]' "name of the store"
kb copy "$digest" docker-archive:nameless.tar >/dev/null
expect_equal "$(tar -xOf nameless.tar manifest.json | jq -c '.[0].RepoTags')" '[]' "name of a digest"

# umoci knows gzip and plain layers.
for compression in gzip none; do
  umoci stat --image layout:$compression --json >stat.json
  expect_equal "$(jq '.history | length' stat.json)" 1 "history by umoci"
  umoci unpack --rootless --image layout:$compression "umoci-$compression" 2>umoci.log || fail "umoci: $(cat umoci.log)"
  expect_equal "$(tree "umoci-$compression/rootfs")" "$(tree "ours-$compression/rootfs")" "files by umoci, $compression"
done

# A layer that umoci makes on top, whiteouts included, is applied by us as by umoci.
umoci unpack --rootless --image layout:gzip bundle 2>umoci.log
rm bundle/rootfs/data/one
echo new >bundle/rootfs/data/new
umoci repack --image layout:changed bundle 2>umoci.log || fail "umoci repack: $(cat umoci.log)"
kb unpack --rootless oci:layout:changed ours-changed >/dev/null
umoci unpack --rootless --image layout:changed umoci-changed 2>umoci.log
expect_equal "$(tree ours-changed/rootfs)" "$(tree umoci-changed/rootfs)" "files of umoci's layer"
[ ! -e ours-changed/rootfs/data/one ] || fail "the whiteout has no effect"

# buildah, where it can run: pulls, sees the same configuration, mounts the same files.
if command -v buildah >/dev/null && [ "$(id -u)" = 0 ]; then
  b() { buildah --root "$workdir/buildah" --runroot "$workdir/buildah-run" --storage-driver vfs "$@"; }
  b pull --quiet oci:layout:gzip >id 2>buildah.log || fail "buildah pull: $(cat buildah.log)"
  container=$(b from "$(cat id)" 2>buildah.log) || fail "buildah from: $(cat buildah.log)"
  expect_equal "$(b inspect --format '{{.OCIv1.Config.Entrypoint}}' "$container")" "[/app.km]" "entrypoint by buildah"
  mounted=$(b mount "$container")
  expect_equal "$(tree "$mounted")" "$(tree ours-gzip/rootfs)" "files by buildah"
  b config --cmd changed "$container"
  b commit --quiet "$container" "oci:committed:app" >/dev/null 2>buildah.log || fail "buildah commit: $(cat buildah.log)"
  kb pull oci:committed:app >/dev/null
  b rm "$container" >/dev/null
fi

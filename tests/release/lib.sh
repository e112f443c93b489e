# What the tests of the installer share: a release made of the SDK that is under test, whatever it is linked with.
# shellcheck shell=bash disable=SC2034,SC2154
. "$KONTAIN_SOURCE/tests/lib/common.sh"
export KONTAIN_RELEASE_GZIP=1

# make_release VERSION: $workdir/dist/kontain-VERSION-x86_64.tar.gz with its checksum; $archive is its path.
make_release() {
  local name=kontain-$1-x86_64 scratch
  scratch=$(mktemp -d -p "$workdir")
  KONTAIN_RELEASE_MAY_BE_DYNAMIC=1 "$KONTAIN_SOURCE/packaging/release/assemble.sh" "$KONTAIN_SOURCE" "$KONTAIN_SDK" \
    "$scratch/$name" "$1" 0123456789ab 1700000000
  mkdir -p dist
  "$KONTAIN_SOURCE/packaging/release/pack.sh" "$scratch/$name" "dist/$name.tar.gz" 1700000000
  rm -rf "$scratch"
  (cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
  archive=$workdir/dist/$name.tar.gz
}

# Another release of the same size on disk, by a change of its version only.
make_next_release() {
  local from=$archive scratch name=kontain-$1-x86_64
  scratch=$(mktemp -d -p "$workdir")
  tar -xzf "$from" -C "$scratch"
  mv "$scratch"/kontain-* "$scratch/$name"
  echo "$1" >"$scratch/$name/VERSION"
  (cd "$scratch/$name" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >sums &&
    sed -i '/  sums$/d' sums && mv sums SHA256SUMS)
  "$KONTAIN_SOURCE/packaging/release/pack.sh" "$scratch/$name" "dist/$name.tar.gz" 1700000000
  rm -rf "$scratch"
  (cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
  archive=$workdir/dist/$name.tar.gz
}

# A user with an empty home, who is not root.
make_user() {
  chmod 755 .
  mkdir -p home tmp
  as_user=()
  if [ "$(id -u)" -eq 0 ]; then
    chown 65534:65534 home tmp
    as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  fi
  cp "$KONTAIN_SOURCE/install.sh" install.sh
}

# The installer as that user, with a folder of the test's for what a killed run leaves there.
install_sh() {
  (cd home && exec env -i HOME="$workdir/home" TMPDIR="$workdir/tmp" PATH="${test_path:-$PATH}" "${as_user[@]}" sh "$workdir/install.sh" "$@")
}

# Everything below a folder: kind, mode, owner, size or target, and the content's checksum.
snapshot() {
  (cd "$1" && find . -mindepth 1 \( -type f -printf '%y %m %U:%G %P ' -exec sha256sum {} \; -o -printf '%y %m %U:%G %P %l\n' \) | LC_ALL=C sort)
}

#!/bin/bash
# build.sh OUT: a small static libcurl for releases, with its headers, in OUT: HTTP and HTTPS only, OpenSSL, names by c-ares
# (the host's C library resolves names by libraries that a static program cannot load). From Debian's source package in
# source.txt; kept outside the tree by what it is made of.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/curl
read -r package version <"$here/source.txt"
export LC_ALL=C SOURCE_DATE_EPOCH=1

key=$({
  cat "$here/build.sh" "$here/source.txt"
  cc --version
  dpkg-query -W -f '${Package} ${Version}\n' libssl-dev libc-ares-dev zlib1g-dev
} | sha256sum | cut -c1-16)

compile() {
  local folder work
  work=$(mktemp -d "$cache/work.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  folder=$("$here/../../tools/dev/fetch-source.sh" "$package" "$version")
  mkdir "$work/source"
  tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C "$work/source" --strip-components=1 --no-same-owner
  tar -xf "$(find "$folder" -name '*.debian.tar.*')" -C "$work/source" --no-same-owner
  cd "$work/source"
  # Debian's changes, without those that are about its own packages and tests.
  grep -v -e '^#' -e '^$' debian/patches/series | grep -v -E 'gnutls|nss|build-|tests|manpage' | while IFS= read -r patch; do
    patch -p1 --no-backup-if-mismatch -s <"debian/patches/$patch"
  done
  cmake -G Ninja -S . -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/out" -DCMAKE_INSTALL_LIBDIR=lib \
    -DBUILD_SHARED_LIBS=OFF -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DHTTP_ONLY=ON -DENABLE_ARES=ON -DCURL_USE_OPENSSL=ON \
    -DCURL_ZLIB=OFF -DCURL_USE_LIBSSH2=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none \
    -DENABLE_MANUAL=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON "-DCMAKE_C_FLAGS=-ffile-prefix-map=$work=/curl"
  cmake --build "$work/build"
  cmake --install "$work/build" >&2
  mv "$work/out" "$cache/$key"
}

mkdir -p "$cache"
if [ ! -e "$cache/$key" ]; then
  echo "curl: compiling $package $version" >&2
  (compile) >"$cache/$key.log" 2>&1 </dev/null || { tail -n 40 "$cache/$key.log" >&2; exit 1; }
fi
rm -rf "$out"
mkdir -p "$(dirname "$out")"
cp -R "$cache/$key" "$out"

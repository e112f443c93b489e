#!/bin/bash
# reproducible.sh compile TARGET... | compare: this commit's release made twice and compared byte by byte. The first is what
# `./dev release` makes here, from a compiler's cache where there is one. The second is made of a clone in build/anew,
# without that cache, with another umask, language, time zone and number of processes, and by another user where this
# one is root. `compile` makes programs of the second; `compare` what is missing of it, then the first, and leaves
# the first in dist/. Stopped, both go on where they were, also at a later commit, as make does; a comparison that
# succeeds removes the clone.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD commit=$(git rev-parse HEAD) anew=$PWD/build/anew
clone=$anew/a-folder-of-another-length cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain
other=()
if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$here/build"; then
  other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
fi

# What a build keeps outside its tree is made of pinned sources, named by its content and taken over.
prepare() {
  local in_it=(git -C "$clone" -c safe.directory='*')
  if ! "${in_it[@]}" rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    rm -rf "$anew"
    mkdir -p "$anew/cache/kontain" "$anew/tmp"
    git clone --quiet --no-hardlinks --no-checkout "$here" "$clone"
  fi
  "${in_it[@]}" fetch --quiet --tags "$here" "$commit"
  "${in_it[@]}" checkout --quiet --detach --force "$commit"
  for kept in sysroot binutils curl sources; do
    [ ! -d "$cache/$kept" ] || cp -R -n "$cache/$kept" "$anew/cache/kontain/"
  done
  [ ${#other[@]} -eq 0 ] || chown -R 65534:65534 "$anew"
}

# in_clone COMMAND...: as different from here as it can be made. nproc answers with OMP_NUM_THREADS.
in_clone() {
  (
    cd "$clone"
    umask 077
    exec "${other[@]}" env -i PATH="$PATH" HOME="$anew" TMPDIR="$anew/tmp" XDG_CACHE_HOME="$anew/cache" USER=another \
      CCACHE_DISABLE=1 OMP_NUM_THREADS=3 TZ=Pacific/Kiritimati LANG=C.UTF-8 LC_ALL=C.UTF-8 "$@"
  )
}

compile() {
  prepare
  in_clone cmake --preset release --log-level=WARNING
  in_clone cmake --build build/release -j 3 --target "$@"
}

make_key() {
  mkdir -m 700 "$1"
  gpg --homedir "$1" --batch --quiet --passphrase '' --quick-gen-key release@kontain.invalid ed25519 sign never 2>/dev/null
  gpg --homedir "$1" --batch --export >"$2"
}

compare() {
  local work first second kind
  prepare
  work=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "gpgconf --homedir '$work/gnupg' --kill all || true; rm -rf '$work'" EXIT
  make_key "$work/gnupg" "$work/key.gpg"
  # The keyring is part of what is packed; the second has no private key, and the packages are of the same tree.
  cp "$work/key.gpg" "$anew/key.gpg"
  chmod 644 "$anew/key.gpg"
  in_clone env KONTAIN_RELEASE_KEYRING="$anew/key.gpg" ./dev release --tarball
  rm -f dist/kontain*
  KONTAIN_RELEASE_GNUPGHOME=$work/gnupg ./dev release
  first=$(echo "$here"/dist/*.tar.gz)
  second=$(echo "$clone"/dist/*.tar.gz)
  sha256sum "$first" "$second"
  [ "${first##*/}" = "${second##*/}" ] || { echo "two names" >&2; exit 1; }
  cmp "$first" "$second" || { differences "$first" "$second" "$work"; exit 1; }
  for kind in tar.gz deb rpm; do
    first=$(echo "$here"/dist/*."$kind")
    (cd dist && sha256sum --check --quiet "${first##*/}.sha256")
    gpgv --quiet --keyring "$work/key.gpg" "$first.asc" "$first"
  done
  echo "reproducible: $(($(stat -c %s dist/*.tar.gz) / 1000000)) MB"
  rm -rf "$anew"
}

# Which files differ, for whoever has to find out why.
differences() {
  local side
  for side in 1 2; do
    tar -xzOf "${!side}" --wildcards '*/SHA256SUMS' >"$3/sums.$side"
    tar -tvzf "${!side}" >"$3/list.$side"
  done
  echo "the two releases differ:" >&2
  { diff "$3/sums.1" "$3/sums.2" || true; diff "$3/list.1" "$3/list.2" || true; } | head -n 40 >&2
}

case "${1:-}" in
  compile | compare) "$@" ;;
  *) echo "usage: reproducible.sh compile TARGET... | compare" >&2; exit 2 ;;
esac

#!/bin/bash
# reproducible.sh again | anew [TARGET...]: this commit's release made twice and compared byte by byte. The first is what
# `./dev release` makes here, and is left in dist/; the second is made of a clone, in a folder of another name and length, with
# another umask, language, time zone and number of processes. `again` takes objects from a compiler's cache where there is
# one; `anew` does not, and is another user where this one is root. With TARGETs only these programs of the second are made.
# Stopped, both go on where they were, also at a later commit, as make does; a comparison that succeeds removes the clone.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD commit=$(git rev-parse HEAD) cache=${XDG_CACHE_HOME:-$HOME/.cache}

choose() {
  place=$here/build/$1 other=()
  clone=$place/a-folder-of-another-length
  different=(OMP_NUM_THREADS=3 TZ=Pacific/Kiritimati LANG=C.UTF-8 LC_ALL=C.UTF-8) # nproc answers with OMP_NUM_THREADS
  case $1 in
    again) different+=(HOME="$HOME" XDG_CACHE_HOME="$cache") ;;
    anew)
      different+=(HOME="$place" USER=another XDG_CACHE_HOME="$place/cache" CCACHE_DISABLE=1)
      if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$here/build"; then
        other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
      fi
      ;;
    *) echo "usage: reproducible.sh again | anew [TARGET...]" >&2; exit 2 ;;
  esac
}

prepare() {
  local in_it=(git -C "$clone" -c safe.directory='*') kept
  if ! "${in_it[@]}" rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    rm -rf "$place"
    mkdir -p "$place/tmp"
    git clone --quiet --no-hardlinks --no-checkout "$here" "$clone"
  fi
  "${in_it[@]}" fetch --quiet --tags "$here" "$commit"
  "${in_it[@]}" checkout --quiet --detach --force "$commit"
  [ ${#other[@]} -gt 0 ] || return 0
  # What a build keeps outside its tree is made of pinned sources, named by its content and taken over.
  mkdir -p "$place/cache/kontain"
  for kept in sysroot binutils curl sources; do
    [ ! -d "$cache/kontain/$kept" ] || cp -R -n "$cache/kontain/$kept" "$place/cache/kontain/"
  done
  chown -R 65534:65534 "$place"
}

in_clone() {
  (
    cd "$clone"
    umask 077
    exec "${other[@]}" env -i PATH="$PATH" TMPDIR="$place/tmp" "${different[@]}" "$@"
  )
}

compile() {
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
  work=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "gpgconf --homedir '$work/gnupg' --kill all || true; rm -rf '$work'" EXIT
  make_key "$work/gnupg" "$work/key.gpg"
  # The keyring is part of what is packed; the second has no private key, and the packages are of the same tree.
  cp "$work/key.gpg" "$place/key.gpg"
  chmod 644 "$place/key.gpg"
  in_clone env KONTAIN_RELEASE_KEYRING="$place/key.gpg" ./dev release --tarball
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
  rm -rf "$place"
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

choose "${1:-}"
shift
prepare
if [ $# -gt 0 ]; then compile "$@"; else compare; fi

# Sourced by ./dev: making a release in dist/.
# shellcheck shell=bash disable=SC2154

# The version of a release: that of the project, and the commit where its tag is not on it. The same number and commit
# are in every `--version`.
release_version() {
  local number commit
  number=$(sed -n 's/^project(kontain VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
  commit=$(git rev-parse --short=12 HEAD)
  if git tag --points-at HEAD | grep -qx "v$number"; then
    echo "$number"
  else
    echo "$number+g$commit"
  fi
}

# seal FILE: FILE.sha256, and FILE.asc with the key in the key folder that KONTAIN_RELEASE_GNUPGHOME names; it is never here.
seal() {
  rm -f "$1.asc"
  (cd "$(dirname "$1")" && sha256sum "$(basename "$1")") >"$1.sha256"
  if [ -z "${KONTAIN_RELEASE_GNUPGHOME:-}" ]; then
    echo "./dev: $1: not signed: KONTAIN_RELEASE_GNUPGHOME names no key folder" >&2
    return
  fi
  gpg --homedir "$KONTAIN_RELEASE_GNUPGHOME" --batch --yes --detach-sign --armor --output "$1.asc" "$1"
}

# The public half, as gpgv wants it, for the installer.
export_release_key() {
  [ -n "${KONTAIN_RELEASE_GNUPGHOME:-}" ] || return 0
  gpg --homedir "$KONTAIN_RELEASE_GNUPGHOME" --batch --export >"$1"
  export KONTAIN_RELEASE_KEYRING=$1
}

# run_release [--allow-changes] [--tarball]
run_release() {
  local version commit epoch name scratch package option packages="deb rpm" changes=0
  for option in "$@"; do
    case "$option" in
      --allow-changes) changes=1 ;;
      --tarball) packages="" ;;
      *) die "release: no such option: $option" ;;
    esac
  done
  [ -z "$(git status --porcelain)" ] || [ "$changes" -eq 1 ] ||
    die "release: there are uncommitted changes; a release is what its commit says (--allow-changes for a trial)"
  install_packages
  version=$(release_version)
  commit=$(git rev-parse --short=12 HEAD)
  epoch=$(git log -1 --format=%ct)
  name="kontain-$version-x86_64"
  build_preset release
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$scratch'" EXIT
  export_release_key "$scratch/release-key.gpg"
  packaging/release/assemble.sh "$source_dir" "$source_dir/build/release/sdk" "$scratch/$name" "$version" "$commit" "$epoch"
  mkdir -p dist
  packaging/release/pack.sh "$scratch/$name" "dist/$name.tar.gz" "$epoch"
  seal "dist/$name.tar.gz"
  for package in $packages; do seal "$("packaging/release/$package.sh" "$scratch/$name" dist "$epoch")"; done
  cp install.sh dist/install.sh
  echo "dist/$name.tar.gz: $(($(stat -c %s "dist/$name.tar.gz") >> 20)) MiB, $(du -sm "$scratch/$name" | cut -f1) MiB unpacked" >&2
  echo "dist/$name.tar.gz"
}

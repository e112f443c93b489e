#!/bin/bash
# fetch-package.sh PACKAGE [SUITE]: prints a folder with the files of a Debian package of the machine's own suite, or of
# another one, unpacked and not installed: for packages that would start a service. Kept outside the tree by version.
set -euo pipefail
package=$1 suite=${2:-}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/packages
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
options=(-qq -o APT::Sandbox::User=root)
if [ -n "$suite" ]; then
  # The same mirror's other suite, without touching the machine's configuration.
  mkdir -p "$scratch/lists/partial" "$scratch/cache"
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | sort -u | head -n 1 |
    sed "s/.*/deb & $suite main/" >"$scratch/sources.list"
  options+=(-o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=-
    -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch/cache")
  if [ -e "$cache/$package.$suite/complete" ]; then
    echo "$cache/$package.$suite"
    exit
  fi
  apt-get "${options[@]}" update >&2
  target=$cache/$package.$suite
else
  version=$(apt-cache policy "$package" | sed -n 's/^ *Candidate: //p')
  target=$cache/${package}_$version
fi
if [ ! -e "$target/complete" ]; then
  (cd "$scratch" && apt-get "${options[@]}" download "$package" >&2)
  rm -rf "$target"
  mkdir -p "$target"
  dpkg-deb -x "$scratch/$package"_*.deb "$target"
  touch "$target/complete"
fi
echo "$target"

#!/bin/bash
# fetch-source.sh PACKAGE VERSION: prints the folder with the files of that Debian source package, fetched once and kept
# outside the tree by name and version. Uses the machine's own package mirrors without touching its configuration.
set -euo pipefail
package=$1 version=$2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/sources/${package}_$version
if [ -e "$cache/complete" ]; then
  echo "$cache"
  exit
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial" "$scratch/files"
# shellcheck disable=SC2016
apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' | sort -u |
  grep -v -e security -e backports | sed 's/^/deb-src /; s/$/ main/' >"$scratch/sources.list"
options=(-qq -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=-
  -o "Dir::State::Lists=$scratch/lists" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update >&2
cd "$scratch/files"
if ! apt-get "${options[@]}" source --download-only "$package=$version" >&2; then
  echo "fetch-source: $package $version: no longer in this suite; pin the version that is" >&2
  exit 1
fi
mkdir -p "$cache"
cp ./* "$cache/"
touch "$cache/complete"
echo "$cache"

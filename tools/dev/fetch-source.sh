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
die() {
  echo "fetch-source: $package $version: $*" >&2
  exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial" "$scratch/files"
# shellcheck disable=SC2016
apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' | sort -u |
  grep -v -e security -e backports | sed 's/^/deb-src /; s/$/ main/' >"$scratch/sources.list" ||
  die "this machine has no package lists: apt-get update makes them"
options=(-qq -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=-
  -o "Dir::State::Lists=$scratch/lists" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update >&2 || die "the package mirrors do not answer"
versions=$(apt-cache "${options[@]}" showsrc --only-source "$package" 2>/dev/null | sed -n 's/^Version: //p' | sort -u | paste -sd' ')
[ -n "$versions" ] || die "no source package of this name in the suite"
[[ " $versions " == *" $version "* ]] || die "no longer in the suite, which has $versions: pin the version that is there"
cd "$scratch/files"
apt-get "${options[@]}" source --download-only "$package=$version" >&2 || die "cannot be fetched"
mkdir -p "$cache"
cp ./* "$cache/"
touch "$cache/complete"
echo "$cache"

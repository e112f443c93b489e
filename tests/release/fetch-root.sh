#!/bin/bash
# fetch-root.sh [SUITE:]NAME [PACKAGE...]: prints the path of a tar of Debian's minbase with these packages, kept outside the tree
# by name, suite and list of packages. Made by mmdebstrap from the machine's own mirrors.
set -euo pipefail
name=${1#*:} suite=bookworm
case $1 in *:*) suite=${1%%:*} ;; esac
shift
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/roots
tar=$cache/$suite-$name-$(sha256sum <<<"$*" | cut -c1-8).tar
if [ ! -e "$tar" ]; then
  mkdir -p "$cache"
  scratch=$(mktemp -d -p "$cache")
  trap 'rm -rf "$scratch"' EXIT
  include=()
  [ $# -eq 0 ] || include=(--include "$(IFS=,; echo "$*")")
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' | sort -u |
    grep -v -e security -e backports -e updates | sed "s/^/deb [trusted=yes] /; s/ [^ ]*\$/ $suite main/" | head -n 1 >"$scratch/sources.list"
  mmdebstrap --quiet --mode=unshare --variant=minbase "${include[@]}" "$suite" "$scratch/root.tar" "$scratch/sources.list" >&2 ||
    mmdebstrap --quiet --variant=minbase "${include[@]}" "$suite" "$scratch/root.tar" "$scratch/sources.list" >&2
  mv "$scratch/root.tar" "$tar"
fi
echo "$tar"

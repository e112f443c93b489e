#!/bin/bash
# base.sh NAME: prints the path of a tar file with the Debian root file system that applications are built on or run on:
# slim, python, jre, jdk, node, gcc, go, rust, nginx. Made by mmdebstrap from the machine's own mirror, and kept outside the tree
# by what is in it.
set -euo pipefail
case $1 in
  slim) packages=(libstdc++6) ;;
  python) packages=(python3 python3-pip) ;;
  jre) packages=(openjdk-17-jre-headless) ;;
  jdk) packages=(openjdk-17-jdk-headless libgoogle-gson-java) ;;
  node) packages=(nodejs) ;;
  gcc) packages=(g++ make nlohmann-json3-dev) ;;
  go) packages=(golang-go golang-github-julienschmidt-httprouter-dev) ;;
  rust) packages=(rustc cargo librust-itoa-dev librust-ryu-dev) ;;
  nginx) packages=(nginx-light) ;;
  *) echo "base.sh: $1: no such base" >&2; exit 2 ;;
esac
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/images
mkdir -p "$cache"
exec 9>"$cache/application-$1.lock"
flock 9
image=$cache/application-$1-$(printf '%s\n' "${packages[@]}" | sha256sum | cut -c1-12).tar
if [ ! -e "$image" ]; then
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | sort -u | head -n 1)
  unshare --mount --propagation private mmdebstrap --quiet --variant=minbase --mode=root \
    --include="$(IFS=,; echo "${packages[*]}")" --aptopt='APT::Install-Recommends "false"' --skip=output/dev \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$image.part.tar" "deb $mirror bookworm main" >&2 || { rm -f "$image.part.tar"; exit 1; }
  mv "$image.part.tar" "$image"
fi
echo "$image"

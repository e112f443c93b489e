#!/bin/bash
# Builds the OCI runtime-tools validation suite from Debian's sources, once, and prints its folder: runtimetest, the root
# file system, and validation/NAME/NAME.t. Kept outside the tree by version.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=0.9.0.109.ge931285 # trixie's; the libraries are this system's own packages
sha256=203989a1ea98cf2aaced79155bbda09270b20db19b03376dde91ab12e5e6a0fe
source=golang-github-opencontainers-runtime-tools_$version.orig.tar.xz
pool=pool/main/g/golang-github-opencontainers-runtime-tools
libraries=(golang-github-{blang-semver,google-uuid,hashicorp-errwrap,hashicorp-go-multierror,mrunalp-fileutils}-dev
  golang-github-{opencontainers-selinux,opencontainers-specs,sirupsen-logrus,urfave-cli}-dev
  golang-github-{xeipuuv-gojsonpointer,xeipuuv-gojsonreference,xeipuuv-gojsonschema}-dev
  golang-github-{cpuguy83-go-md2man-v2,russross-blackfriday-v2,shurcool-sanitized-anchor-name}-dev
  golang-gocapability-dev golang-golang-x-sys-dev golang-golang-x-net-dev golang-golang-x-text-dev)
suite=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/runtime-tools-$version
if [ -e "$suite/complete" ]; then
  echo "$suite"
  exit
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | head -1)
/usr/lib/apt/apt-helper -qq download-file "$mirror$pool/$source" "$source" "SHA256:$sha256" >&2
apt-get -qq -o APT::Sandbox::User=root download "${libraries[@]}" >&2
for package in ./*.deb; do dpkg-deb -x "$package" libraries; done

tree=$scratch/own/src/github.com/opencontainers/runtime-tools
mkdir -p "$tree" own/src/github.com/mndrix/tap-go
tar -xJf "$source" -C "$tree" --strip-components=1
cp "$here/tap.go" own/src/github.com/mndrix/tap-go/tap.go

export GO111MODULE=off GOPATH=$scratch/own:$scratch/libraries/usr/share/gocode GOCACHE=$scratch/cache GOFLAGS=
export CGO_ENABLED=0 GOTOOLCHAIN=local
cd "$tree"
mkdir -p "$suite"
go build -o "$suite/runtimetest" ./cmd/runtimetest
for file in validation/*/*.go; do
  folder=$(dirname "$file")
  [ "$folder" != validation/util ] || continue
  mkdir -p "$suite/$folder"
  go build -o "$suite/${file%.go}.t" "./$folder"
done
cp rootfs-amd64.tar.gz "$suite/"
touch "$suite/complete"
echo "$suite"

#!/bin/bash
# fetch-kernel.sh: prints the folder of an unpacked Debian 6.1 cloud kernel with its modules, kept outside the tree by
# version. Never 6.12: QEMU 7.2's emulated SVM makes it fail.
set -euo pipefail
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-6\.1\..*\)/\1/p' | head -n 1)
[ -n "$package" ] || { echo "fetch-kernel: no 6.1 kernel behind linux-image-cloud-amd64 (run apt-get update)" >&2; exit 1; }
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/kernels/$package
if [ ! -e "$cache/complete" ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2 && dpkg-deb -x ./*.deb root)
  rm -rf "$cache"
  mkdir -p "$(dirname "$cache")"
  mv "$scratch/root" "$cache"
  touch "$cache/complete"
fi
echo "$cache"

#!/bin/bash
# bare-machine.sh: a Debian minbase system with make and nothing to compile with, and the release SDK in /opt/kontain. C
# and C++ compile, link and run there, natively and under km, and three projects pass ./configure && make && make check.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export KONTAIN_SOURCE=$root KONTAIN_SDK=${KONTAIN_SDK:-$root/build/release/sdk} KONTAIN_BUILD=$root/build/release
# shellcheck source=tests/lib/common.sh
. "$root/tests/lib/common.sh"
need_kvm
[ "$(id -u)" = 0 ] || skip "a chroot needs root"
command -v mmdebstrap >/dev/null || skip "there is no mmdebstrap"
[ -x "$KONTAIN_SDK/bin/kontain-gcc" ] || "$root/dev" build --preset release
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/machines
make_workdir

# The system is made once and kept outside the tree.
image=$cache/bookworm-minbase-make.tar
if [ ! -e "$image" ]; then
  mkdir -p "$cache"
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -v security | sort -u | head -n 1)
  unshare --mount --propagation private mmdebstrap --variant=minbase --include=make --mode=root \
    bookworm "$image.new.$$.tar" "deb $mirror bookworm main" >mmdebstrap.log 2>&1 || { tail mmdebstrap.log; fail "no minbase system"; }
  mv "$image.new.$$.tar" "$image"
fi
mkdir -p machine/opt
tar -xf "$image" -C machine --exclude=./dev/'*'
cp -a "$KONTAIN_SDK" machine/opt/kontain
mkdir machine/work
cp "$root/tests/toolchain/inside-bare-machine.sh" "$root/examples/hello/hello.c" machine/work/
for source in zlib=1:1.2.13.dfsg-1 xz-utils=5.4.1-1+deb12u1 bash=5.2.15-2; do
  folder=$("$root/tools/dev/fetch-source.sh" "${source%%=*}" "${source#*=}")
  mkdir "machine/work/${source%%=*}"
  tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C "machine/work/${source%%=*}" --strip-components=1 --no-same-owner
done

# The sandbox of the projects' tests, with another root.
"$root/tests/projects/sandbox.sh" --root "$workdir/machine" /work /bin/bash -e /work/inside-bare-machine.sh "$@" ||
  fail "in the bare machine: status $?"

#!/bin/bash
# build.sh ARCHIVE: compiles LLVM's own ar, nm, objcopy, objdump, readelf and size, from the source package that
# toolchain/sysroot/sources.txt pins, into one archive that has an llvm_NAME_main(int, char**, const llvm::ToolContext&)
# for each. LLVM's libraries are not in it. Kept outside the tree by what it is made of, as the sysroot is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
archive=${1:?usage: build.sh ARCHIVE}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/binutils
llvm=${KONTAIN_LLVM_ROOT:-/usr/lib/llvm-19}
version=$(awk '$1 == "llvm-toolchain-19" { print $2 }' "$here/../sysroot/sources.txt")
tools=(ar nm objcopy objdump readobj size)
export LC_ALL=C

key=$({
  sha256sum <"$here/build.sh"
  echo "$version"
  "$llvm/bin/clang" --version
} | sha256sum | cut -c1-16)

compile() {
  local folder work
  work=$(mktemp -d "$cache/work.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  folder=$("$here/../../tools/dev/fetch-source.sh" llvm-toolchain-19 "$version")
  tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C "$work" --strip-components=1 --no-same-owner \
    --wildcards --no-wildcards-match-slash "${tools[@]/#/llvm-toolchain-*/llvm/tools/llvm-}"
  cd "$work/llvm/tools"
  # A header that LLVM does not install; what it would say is about macOS.
  mkdir -p "$work/include/llvm/Config"
  echo >"$work/include/llvm/Config/config.h"
  local definition
  for definition in */*.td; do
    # What others include.
    [ "${definition##*/}" != CommonOpts.td ] || continue
    "$llvm/bin/llvm-tblgen" -gen-opt-parser-defs -I "$llvm/include" -I "${definition%/*}" "$definition" -o "${definition%.td}.inc"
  done
  # The heaviest first: no compiler is left alone at the end. Each is itself its own folder's include path.
  find . -name '*.cpp' -printf '%s %P\n' | sort -rn | cut -d' ' -f2 | xargs -P "$(nproc)" -I{} sh -c '
    "$0" --no-default-config -std=c++17 -O2 -fPIC -fno-exceptions -funwind-tables -ffunction-sections -fdata-sections -w \
      -D_GNU_SOURCE -D__STDC_CONSTANT_MACROS -D__STDC_FORMAT_MACROS -D__STDC_LIMIT_MACROS "-ffile-prefix-map=$PWD=." \
      -I "$(dirname "$1")" -I ../../include -isystem "$2/include" -c "$1" -o "$1.o"' "$llvm/bin/clang++" {} "$llvm"
  find . -name '*.o' | sort | xargs "$llvm/bin/llvm-ar" rcsD "$work/binutils.a"
  mv "$work/binutils.a" "$cache/$key.a"
}

mkdir -p "$cache"
if [ ! -e "$cache/$key.a" ]; then
  echo "binutils: compiling LLVM's binary tools" >&2
  compile
fi
cp "$cache/$key.a" "$archive.new"
mv "$archive.new" "$archive"

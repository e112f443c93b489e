#!/bin/bash
# zydis.sh ARCHIVE: compiles the decoder of Debian's zydis source package. Its headers are those of libzydis-dev and
# libzycore-dev, of the same version.
set -euo pipefail
archive=$1
version=4.0.0-1
folder=$("$(dirname "$0")/../../tools/dev/fetch-source.sh" zydis "$version")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C "$work" --strip-components=1
cd "$work/src"
for file in Decoder DecoderData SharedData MetaInfo Mnemonic Register String Utils Zydis; do
  cc -O2 -fPIC -DZYDIS_STATIC_BUILD -DZYCORE_STATIC_BUILD -DNDEBUG -I../include -I. -c "$file.c" -o "$file.o"
done
rm -f "$archive"
ar rcsD "$archive" ./*.o

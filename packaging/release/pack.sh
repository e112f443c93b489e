#!/bin/bash
# pack.sh TREE ARCHIVE EPOCH: the same tree gives the same bytes, whoever packs it, where and when. Tests, which do not
# mind the size, compress less (KONTAIN_RELEASE_GZIP).
set -euo pipefail
tree=$1 archive=$2 epoch=$3
LC_ALL=C tar --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$epoch" --mode=u+rw,go+r,go-w \
  -C "$(dirname "$tree")" -cf - "$(basename "$tree")" | gzip "-${KONTAIN_RELEASE_GZIP:-9}n" >"$archive.new"
mv "$archive.new" "$archive"

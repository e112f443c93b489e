# shellcheck shell=bash
# blocks.sh FILE: the ```sh blocks of a document, run where its paths mean what they mean in the repository.
# shellcheck source=tests/lib/common.sh
. "$KONTAIN_SOURCE/tests/lib/common.sh"
document=$1
need_kvm
make_workdir
mkdir build
ln -s "$KONTAIN_SDK" build/sdk
ln -s "$KONTAIN_SOURCE/examples" examples
printf '#!/bin/sh\nexec "%s/dev" "$@"\n' "$KONTAIN_SOURCE" >dev
chmod +x dev
./dev help >usage.txt
python3 "$KONTAIN_SOURCE/tests/docs/run_blocks.py" "$KONTAIN_SOURCE/$document" usage.txt

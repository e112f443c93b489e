#!/bin/bash
# document.sh FILE: the blocks of a document in one shell, in a network of their own.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/lib/blocks.sh"
document=$1
enter_blocks_host ip iptables cmake -- "$@"
python3 "$KONTAIN_SOURCE/tests/docs/one_shell.py" "$KONTAIN_SOURCE/$document" >script.sh
HOME=$workdir PATH=$KONTAIN_SDK/bin:$PATH bash script.sh </dev/null

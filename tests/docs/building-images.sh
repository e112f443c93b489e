#!/bin/bash
# The examples of docs/building-images.md.
# shellcheck shell=bash
export PATH="$KONTAIN_SDK/bin:$PATH"
# shellcheck source=tests/docs/blocks.sh
. "$KONTAIN_SOURCE/tests/docs/blocks.sh" docs/building-images.md

# shellcheck shell=bash
# shellcheck source=tests/docs/blocks.sh
. "$KONTAIN_SOURCE/tests/docs/blocks.sh" CONTRIBUTING.md

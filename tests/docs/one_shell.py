#!/usr/bin/env python3
"""one_shell.py DOCUMENT [SCRIPT]: prints the ```sh blocks of a document as one bash script, for documents whose blocks build
on each other. With SCRIPT (tests/...), only those that say to be run by it. What is printed on stderr counts them."""
import sys

from markdown_blocks import blocks_of_file


def main(path, runner=None):
    blocks = blocks_of_file(path)
    chosen = [block for block in blocks if (block.runner == runner if runner else block.is_ordinary)]
    reasons = [block.untested for block in blocks if block.untested]
    print("set -euo pipefail")
    for number, block in enumerate(chosen, 1):
        print(f"echo '== block {number}' >&2\n{block.script}")
    counted = f", {len(reasons)} not" + "".join(f" ({reason})" for reason in reasons) if not runner else ""
    print(f"{path}: {len(chosen)} blocks run{counted}", file=sys.stderr)
    return 0 if chosen else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""one_shell.py FILE: prints the ```sh blocks of a document as one bash script, for documents whose blocks build on each
other. A block below `<!-- untested: reason -->` is left out; what is printed on stderr counts both kinds."""
import re
import sys

BLOCK = re.compile(r"(?:<!-- untested: (?P<reason>.+?) -->\n)?^```sh\n(?P<script>.*?)^```$", re.MULTILINE | re.DOTALL)


def main(path):
    with open(path, encoding="utf-8") as file:
        blocks = list(BLOCK.finditer(file.read()))
    tested = [block for block in blocks if not block["reason"]]
    reasons = [block["reason"] for block in blocks if block["reason"]]
    print("set -euo pipefail")
    for number, block in enumerate(tested, 1):
        print(f"echo '== block {number}' >&2\n{block['script']}")
    print(f"{path}: {len(tested)} blocks run, {len(reasons)} not" + "".join(f" ({r})" for r in reasons), file=sys.stderr)
    return 0 if tested else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

#!/usr/bin/env python3
"""doc_blocks.py FILE HEADING: runs the ```sh blocks below a heading, each by a bash of its own, and shows what they print.

A block below `<!-- untested: reason -->` is left out. Fails where one fails or there is none.
"""
import re
import subprocess
import sys

BLOCK = re.compile(r"(?P<untested><!-- untested: .+? -->\n)?^```sh\n(?P<script>.*?)^```$", re.MULTILINE | re.DOTALL)


def section(text, heading):
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def main(path, heading):
    with open(path, encoding="utf-8") as file:
        blocks = [block for block in BLOCK.finditer(section(file.read(), heading)) if not block["untested"]]
    for block in blocks:
        subprocess.run(["bash", "-euxo", "pipefail", "-c", block["script"]], check=True)
    return 0 if blocks else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""linked_files.py TREE: the files and folders that the tree's documents link to and that are no documents themselves, one
a line."""
import os
import re
import subprocess
import sys

LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def main(tree):
    listed = subprocess.run(["git", "-C", tree, "ls-files", "*.md"], capture_output=True, text=True, check=True)
    files = set()
    for document in listed.stdout.split():
        with open(os.path.join(tree, document), encoding="utf-8") as file:
            text = re.sub(r"^```.*?^```", "", file.read(), flags=re.MULTILINE | re.DOTALL)
        for target in LINK.findall(text):
            path = os.path.normpath(os.path.join(os.path.dirname(document), target))
            if not path.endswith(".md") and os.path.exists(os.path.join(tree, path)):
                files.add(path)
    print("\n".join(sorted(files)))


if __name__ == "__main__":
    main(sys.argv[1])

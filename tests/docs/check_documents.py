#!/usr/bin/env python3
"""check_documents.py TREE: links between documents lead somewhere; every layer has its line in ARCHITECTURE.md."""
import glob
import os
import re
import sys

LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def broken_links(tree, document):
    with open(os.path.join(tree, document), encoding="utf-8") as file:
        for target in LINK.findall(file.read()):
            if not os.path.exists(os.path.join(tree, os.path.dirname(document), target)):
                yield f"{document}: the link to {target} leads nowhere"


def undescribed_layers(tree):
    with open(os.path.join(tree, "ARCHITECTURE.md"), encoding="utf-8") as file:
        architecture = file.read()
    with open(os.path.join(tree, "layers.txt"), encoding="utf-8") as file:
        layers = [line.split(":")[0] for line in file if ":" in line and not line.startswith("#")]
    for layer in layers:
        if f"| `{layer}` |" not in architecture:
            yield f"ARCHITECTURE.md: no line for {layer}"
    if not layers:
        yield "layers.txt is empty"


def main(tree):
    documents = [os.path.relpath(path, tree) for pattern in ("*.md", "docs/**/*.md")
                 for path in glob.glob(os.path.join(tree, pattern), recursive=True)]
    problems = [problem for document in sorted(documents) for problem in broken_links(tree, document)]
    problems += undescribed_layers(tree)
    print("\n".join(problems) or f"{len(documents)} documents are consistent")
    return 1 if problems or not documents else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

#!/usr/bin/env python3
"""check_documents.py TREE: links between documents lead somewhere, to headings too; commands are run by a test or say why
not, and are counted; every layer has its line in ARCHITECTURE.md."""
import glob
import os
import re
import sys

from markdown_blocks import blocks_of

LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)")
HAVE_TESTS = {"README.md", "CONTRIBUTING.md", "docs/getting-started.md", "docs/images.md", "docs/building-images.md",
              "docs/runenv.md", "docs/engines.md", "docs/krun.md"}  # beside those of tested.txt and examples/


def read(tree, document):
    with open(os.path.join(tree, document), encoding="utf-8") as file:
        return file.read()


def headings(text):
    """As renderers of Markdown name them."""
    for line in re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL).splitlines():
        if line.startswith("#"):
            title = re.sub(r"[`*]|\]\([^)]*\)|\[", "", line.lstrip("#").strip()).lower()
            yield re.sub(r"[^\w\- ]", "", title).replace(" ", "-")


def broken_links(tree, document):
    text = read(tree, document)
    for target, heading in LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        path = os.path.normpath(os.path.join(os.path.dirname(document), target)) if target else document
        if not os.path.exists(os.path.join(tree, path)):
            yield f"{document}: the link to {target} leads nowhere"
        elif heading and heading not in headings(read(tree, path)):
            yield f"{document}: {path} has no heading #{heading}"


def tested_documents(tree):
    lines = read(tree, "tests/docs/tested.txt").splitlines()
    return HAVE_TESTS | {line for line in lines if line and not line.startswith("#")}


def problem_of_block(tree, document, block, tested):
    """None where a test runs it, or it says why none does."""
    if block.runner:
        path = os.path.join(tree, block.runner)
        if not os.path.exists(path):
            return f"{document}: {block.runner}, which is to run a block, is not there"
        script = read(tree, block.runner)
        if document not in script or "one_shell.py" not in script:
            return f"{document}: {block.runner} does not take the lines of a block that it is to run"
    elif not block.untested and document not in tested and not document.startswith("examples/"):
        return f"{document}: a block that no test runs and that does not say why not"
    return None


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
    documents = sorted(os.path.relpath(path, tree) for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
                       for path in glob.glob(os.path.join(tree, pattern), recursive=True))
    problems = [problem for document in documents for problem in broken_links(tree, document)]
    problems += undescribed_layers(tree)
    tested = tested_documents(tree)
    problems += [f"tests/docs: {document} is not there" for document in tested - set(documents)]
    blocks = [(document, block) for document in documents for block in blocks_of(read(tree, document))]
    problems += filter(None, (problem_of_block(tree, document, block, tested) for document, block in blocks))
    reasons = [f"{document}: untested: {block.untested}" for document, block in blocks if block.untested]
    print("\n".join(reasons))
    print("\n".join(problems) or f"{len(documents)} documents are consistent; of {len(blocks)} blocks {len(reasons)} are untested")
    return 1 if problems or not documents else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

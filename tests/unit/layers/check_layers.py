#!/usr/bin/env python3
"""check_layers.py TREE: proves that every rooted #include obeys TREE/layers.txt. Prints each violation; exit 1 if any.

Every folder with C++ sources needs a line of its own, unless a folder above it has a line that allows everything.
"""
import os
import re
import sys

SOURCES = (".h", ".cc", ".def")
NOT_OURS = {"build", "dist", "musl-overlay"}  # the last: part of another project's tree
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def read_layers(path, problems):
    """Folder -> the folders it may include from ("*": any). A line may name only lines above it: no cycles."""
    layers = {}
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        folder, colon, allowed = line.split("#")[0].strip().partition(":")
        if not colon:
            continue
        for name in allowed.split():
            if name != "*" and name not in layers:
                problems.append(f"{path}:{number}: {folder} may use {name}, which has no line above")
        layers[folder] = set(allowed.split())
    return layers


def layer_of(folder, layers):
    """The folder's own line, else that of the nearest folder above whose line is `*`, else None."""
    if folder in layers:
        return folder
    while folder := os.path.dirname(folder):
        if layers.get(folder) == {"*"}:
            return folder
    return None


def source_files(tree):
    for folder, children, files in os.walk(tree):
        # A folder in `payloads` is a project that a test builds inside, with a build system of its own.
        is_payload = os.path.basename(folder) == "payloads"
        children[:] = [c for c in children if c not in NOT_OURS and not c.startswith(".") and not is_payload]
        for name in files:
            if name.endswith(SOURCES):
                yield os.path.relpath(folder, tree), name


def check_include(tree, folder, layer, target, layers):
    """What is wrong with an include of `target` in `folder`, or None."""
    used = os.path.dirname(target)
    if not os.path.isdir(os.path.join(tree, target.split("/")[0])) or not used:
        beside = os.path.exists(os.path.join(tree, folder, target))
        return "is not rooted" if beside else None  # else generated, or somebody else's library
    if ".." in target.split("/"):
        return "is not rooted"
    if layers[layer] == {"*"} or used == folder or used in layers[layer]:
        return None
    return f"{layer} may not use {used}"


def main(tree):
    problems = []
    layers = read_layers(os.path.join(tree, "layers.txt"), problems)
    for folder, name in sorted(source_files(tree)):
        layer = layer_of(folder, layers)
        if layer is None:
            problems.append(f"{folder}/{name}: its folder has no line in layers.txt")
            continue
        with open(os.path.join(tree, folder, name), encoding="utf-8") as file:
            for target in INCLUDE.findall(file.read()):
                problem = check_include(tree, folder, layer, target, layers)
                if problem:
                    problems.append(f'{folder}/{name}: #include "{target}": {problem}')
    print("\n".join(problems) or "every include obeys layers.txt")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

#!/usr/bin/env python3
"""compare.py THEIRS OURS: every action came to its end and showed the same."""
import json
import sys


def shown(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["shown"]


def main(theirs, ours):
    reference, tried = shown(theirs), shown(ours)
    bad = [name for name in reference if tried.get(name) != reference[name]]
    unfinished = [name for name, text in reference.items() if text.startswith("NOT FINISHED")]
    for name in reference:
        print(("not ok " if name in bad else "ok ") + name)
    for name in bad:
        print(f"-- {name}\n{theirs}: {reference[name]!r}\n{ours}: {tried.get(name)!r}")
    for name in unfinished:
        print(f"not finished natively: {name}: {reference[name]!r}")
    print(f"{len(reference) - len(bad)} of {len(reference)} actions are the same")
    return 1 if bad or unfinished or len(reference) < 50 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

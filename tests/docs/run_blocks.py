#!/usr/bin/env python3
"""run_blocks.py FILE HELP: runs each ```sh block of a document in the current directory, one after the other.

A block below `<!-- untested: reason -->` is only parsed. HELP is the text of `./dev help`: every ./dev command that a
block names has to be in it.
"""
import re
import subprocess
import sys

BLOCK = re.compile(r"(?:<!-- untested: (?P<reason>.+?) -->\n)?^```sh\n(?P<script>.*?)^```$", re.MULTILINE | re.DOTALL)


def bash(script, *options):
    return subprocess.run(["bash", *options, "-euo", "pipefail", "-c", script], check=False).returncode == 0


def unknown_commands(script, usage):
    known = set(re.findall(r"^  ([a-z]+)", usage, re.MULTILINE))
    return sorted(set(re.findall(r"^\./dev +([a-z]+)", script, re.MULTILINE)) - known)


def problem_of(script, reason, usage):
    if unknown := unknown_commands(script, usage):
        return f"./dev has no command {', '.join(unknown)}"
    if not bash(script, "-n"):
        return "does not parse"
    if not reason and not bash(script):
        return "failed"
    return None


def main(path, usage_path):
    with open(path, encoding="utf-8") as file:
        blocks = list(BLOCK.finditer(file.read()))
    with open(usage_path, encoding="utf-8") as file:
        usage = file.read()
    problems = 0
    for block in blocks:
        sys.stdout.flush()
        if problem := problem_of(block["script"], block["reason"], usage):
            print(f"{path}: block {problem}:\n{block['script']}")
            problems += 1
    reasons = [block["reason"] for block in blocks if block["reason"]]
    print(f"{path}: {len(blocks) - len(reasons)} blocks run, {len(reasons)} not" + "".join(f" ({r})" for r in reasons))
    return 0 if len(blocks) > len(reasons) and problems == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

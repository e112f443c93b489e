#!/usr/bin/env python3
"""run_blocks.py FILE HELP: runs each ```sh block of a document in the current directory, one after the other.

Those that are untested or run elsewhere (markdown_blocks.py) are only parsed. HELP is the text of `./dev help`: every ./dev command that a
block names has to be in it.
"""
import re
import subprocess
import sys

from markdown_blocks import blocks_of_file


def bash(script, *options):
    return subprocess.run(["bash", *options, "-euo", "pipefail", "-c", script], check=False).returncode == 0


def unknown_commands(script, usage):
    known = set(re.findall(r"^  ([a-z]+)", usage, re.MULTILINE))
    return sorted(set(re.findall(r"^\./dev +([a-z]+)", script, re.MULTILINE)) - known)


def problem_of(block, usage):
    if unknown := unknown_commands(block.script, usage):
        return f"./dev has no command {', '.join(unknown)}"
    if not bash(block.script, "-n"):
        return "does not parse"
    if block.is_ordinary and not bash(block.script):
        return "failed"
    return None


def main(path, usage_path):
    blocks = blocks_of_file(path)
    with open(usage_path, encoding="utf-8") as file:
        usage = file.read()
    problems = 0
    for block in blocks:
        sys.stdout.flush()
        if problem := problem_of(block, usage):
            print(f"{path}: block {problem}:\n{block.script}")
            problems += 1
    ran = sum(block.is_ordinary for block in blocks)
    reasons = [block.untested or block.runner for block in blocks if not block.is_ordinary]
    print(f"{path}: {ran} blocks run, {len(reasons)} not" + "".join(f" ({reason})" for reason in reasons))
    return 0 if ran and problems == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

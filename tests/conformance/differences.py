#!/usr/bin/env python3
"""The known differences between km and Linux, and the document made of them.

usage: differences.py [--check] SOURCE_TREE     writes docs/compatibility.md, or says that it is not current
"""
import dataclasses
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../programs"))
import python_tests_list  # noqa: E402

HEAD = """# Compatibility

Made by `tests/conformance/differences.py` from `tests/conformance/differences.txt` and `tests/programs/python-tests.txt`.

Small programs run natively and under `km`, and have to print the same and end the same way. These are the cases that
do not, by design unless it is said; the tests require that they differ exactly so. Limits of single system calls are in
[syscalls.md](syscalls.md).
"""


PYTHON_TESTS = """
## CPython's own tests

{modules} modules of CPython's regression tests (Debian's libpython3.11-testsuite, {version}), those that ask the kernel
for something, run natively and with every process under `km`, as an ordinary user without a network:

* natively: {native}
* under `km`: {ours}

`./dev test --full programs-python-tests` repeats it. What passes natively has to pass under `km`; the exceptions:
"""

LIMITS_HEAD = """
## What cannot work

From `tests/conformance/limits.txt`.
"""


@dataclasses.dataclass
class Difference:
    reason: str
    lines: list[str]  # of a diff: "-out: what Linux prints", "+out: what is printed under km"


def read(path):
    """By FILE.CASE. A line that is neither a case, a line of a diff, a comment nor empty is an error."""
    found = {}
    current = None
    with open(path) as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            case = re.fullmatch(r"(\w+\.\w+)\|(\S.*)", line)
            if case and case[1] not in found:
                current = found[case[1]] = Difference(case[2], [])
            elif current and re.match(r"[-+](out|err): |[-+](exited|killed) ", line):
                current.lines.append(line)
            else:
                sys.exit(f"{path}:{number}: not understood: {line}")
    empty = [name for name, difference in found.items() if not difference.lines]
    if empty:
        sys.exit(f"{path}: no lines that differ: {' '.join(empty)}")
    return found


def read_limits(tree):
    """(name, test, reason) by line of limits.txt. The test has to exist."""
    rows = []
    with open(os.path.join(tree, "tests/conformance/limits.txt")) as file:
        for line in file.read().splitlines():
            if not line or line.startswith("#"):
                continue
            name, test, reason = line.split("|")
            if not os.path.exists(os.path.join(tree, test)):
                sys.exit(f"limits.txt: {name}: there is no {test}")
            rows.append((name, test, reason))
    return rows


def python_tests(tests):
    version, native, ours = tests.seen
    text = PYTHON_TESTS.format(version=version, modules=len(tests.all_modules()), native=native, ours=ours)
    for case, reason in tests.exceptions.items():
        text += f"\n* `{case}`: {reason}\n"
    return text


def document(differences, limits, tests):
    text = HEAD
    for name, difference in differences.items():
        lines = "\n".join(line.replace("out: ", "") for line in difference.lines)
        text += f"\n## {name}\n\n{difference.reason}\n\n```diff\n{lines}\n```\n"
    text += python_tests(tests)
    text += LIMITS_HEAD
    for name, test, reason in limits:
        text += f"\n* **{name}**: {reason} Shown by `{test}`.\n"
    return text


def main():
    tree = sys.argv[-1]
    differences = read(os.path.join(tree, "tests/conformance/differences.txt"))
    text = document(differences, read_limits(tree), python_tests_list.read(tree))
    path = os.path.join(tree, "docs/compatibility.md")
    if sys.argv[1:-1] != ["--check"]:
        with open(path, "w") as file:
            file.write(text)
        return 0
    if os.path.exists(path) and open(path).read() == text:
        return 0
    print("docs/compatibility.md is not what differences.txt, limits.txt and python-tests.txt say (tests/conformance/differences.py .)")
    return 1


if __name__ == "__main__":
    sys.exit(main())

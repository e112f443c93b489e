#!/usr/bin/env python3
"""Writes docs/projects.md from what the suites left in build/full/projects/*/row.tsv.

Projects that have no row there keep the one that the page has. --check: only say whether the page is what would be written,
with a suite for every project's file, and that rows are of the versions that the files name.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "projects.md")
HEAD = """# Projects built by kontain-gcc

<!-- Written by tests/projects/report.py from the results of the suites project-*. -->

Each is Debian's source package, unpacked and built by its own build system, untouched, with `CC=kontain-gcc` and
`CXX=kontain-g++`; `tests/projects/NAME.sh` has the commands. Then its own tests run twice: natively, and with everything
that they start (make, shells, Tcl, Perl, servers) under `km`, both times as an ordinary user. Times are of one
two-processor machine with other work to do: they say what to expect of the suites, and nothing else.

    ./dev test --full project-zlib      # one of them; --full --list shows all
    tests/projects/report.py            # writes this page from the last results

"""
COLUMNS = "| project | version | build | natively | under km |\n|---|---|--:|---|---|\n"


def names():
    found = glob.glob(os.path.join(ROOT, "tests", "projects", "*.sh"))
    return sorted({os.path.basename(path)[:-3] for path in found} - {"suite", "sandbox"})


def measured(name):
    """Fields of row.tsv, each with all of its values; None without such a file."""
    path = os.path.join(ROOT, "build", "full", "projects", name, "row.tsv")
    if not os.path.exists(path):
        return None
    fields = {}
    with open(path) as file:
        for line in file:
            key, _, value = line.rstrip("\n").partition("\t")
            fields.setdefault(key, []).append(value)
    return fields


def escaped(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def row_of(name, fields):
    one = {key: values[0] for key, values in fields.items()}
    row = "| [%s](../tests/projects/%s.sh) | %s | %s s | %s; %s s | %s; %s s |\n" % (
        one["title"], name, one["version"], one["build"], one["native"], one["native_seconds"], one["km"],
        one["km_seconds"])
    notes = []
    if one.get("leaves_out"):
        notes.append("Left out: %s." % one["leaves_out"])
    failed = fields.get("native_failed", [])
    if failed:
        more = " and %d more" % (len(failed) - 12) if len(failed) > 12 else ""
        reason = ": " + one["native_reason"] if one.get("native_reason") else ""
        notes.append("Fails natively: %s%s%s." % (", ".join("`%s`" % test for test in failed[:12]), more, reason))
    notes += ["Under km only: %s." % text for text in fields.get("differs", [])]
    return row, "* **%s**: %s\n" % (one["title"], escaped(" ".join(notes))) if notes else ""


def rows_of_page():
    """By project: its row and its remark as they stand on the page."""
    if not os.path.exists(PAGE):
        return {}
    with open(PAGE) as file:
        text = file.read()
    rows = {}
    for row, title, name in re.findall(r"^(\| \[([^\]]+)\]\(\.\./tests/projects/([a-z0-9-]+)\.sh\).*\n)", text, re.M):
        remark = re.search(r"^\* \*\*%s\*\*: .*\n" % re.escape(title), text, re.M)
        rows[name] = (row, remark.group(0) if remark else "")
    return rows


def version_of(name):
    with open(os.path.join(ROOT, "tests", "projects", name + ".sh")) as file:
        return re.search(r"\bversion=(\S+)", file.read()).group(1)


def suites():
    with open(os.path.join(ROOT, "tests", "suites.txt")) as file:
        return {line.split("|")[0] for line in file if line.startswith("project-")}


def page(rows):
    known = [name for name in names() if name in rows]
    remarks = "".join(rows[name][1] for name in known)
    unmeasured = ["`%s`" % name for name in names() if name not in rows]
    if unmeasured:
        remarks += "* Without a result yet: %s.\n" % ", ".join(unmeasured)
    return HEAD + COLUMNS + "".join(rows[name][0] for name in known) + ("\n## Remarks\n\n" + remarks if remarks else "")


def problems(rows):
    for name in names():
        if name in rows and "| %s |" % version_of(name) not in rows[name][0]:
            yield "docs/projects.md: %s: another version than %s" % (name, version_of(name))
        if "project-" + name not in suites():
            yield "tests/suites.txt has no project-" + name
    for suite in sorted(suites() - {"project-" + name for name in names()}):
        yield "tests/suites.txt: %s has no file in tests/projects" % suite
    with open(PAGE) as file:
        if file.read() != page(rows):
            yield "docs/projects.md is not what tests/projects/report.py writes"


def main():
    rows = rows_of_page()
    if "--check" in sys.argv[1:]:
        found = list(problems(rows))
        print("\n".join(found) or "docs/projects.md has %d projects" % len(rows))
        return 1 if found else 0
    for name in names():
        fields = measured(name)
        if fields:
            rows[name] = row_of(name, fields)
    with open(PAGE, "w") as file:
        file.write(page(rows))
    return 0


sys.exit(main())

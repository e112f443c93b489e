#!/usr/bin/env python3
"""Writes docs/projects.md from what the suites left in build/full/projects/*/row.tsv.

Projects that have no row there keep the one that the page has. --check: only say whether every project's file has a row.
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
        notes.append("Fails natively too: %s%s." % (", ".join("`%s`" % test for test in failed[:12]),
                                                    " and %d more" % (len(failed) - 12) if len(failed) > 12 else ""))
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


def main():
    rows = rows_of_page()
    if "--check" in sys.argv[1:]:
        missing = [name for name in names() if name not in rows]
        if missing:
            print("docs/projects.md has no row for: " + ", ".join(missing), file=sys.stderr)
        return 1 if missing else 0
    for name in names():
        fields = measured(name)
        if fields:
            rows[name] = row_of(name, fields)
    known = [name for name in names() if name in rows]
    with open(PAGE, "w") as file:
        file.write(HEAD + COLUMNS + "".join(rows[name][0] for name in known))
        remarks = "".join(rows[name][1] for name in known)
        if remarks:
            file.write("\n## Remarks\n\n" + remarks)
    return 0


sys.exit(main())

#!/usr/bin/env python3
"""junit_summary.py FILE CTEST_STATUS: lists skips and failures of a ctest JUnit file; last line: the three numbers.

Exits non-zero when a test failed, when no test ran, or when ctest failed for a reason the file does not show.
"""
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    """passed, failed or skipped. A test that could not be run (no program, a failed fixture) has failed."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped")
    if skipped is not None or case.get("status") in ("notrun", "disabled"):
        message = "" if skipped is None else skipped.get("message") or ""
        return "skipped" if message.startswith("SKIP_") or case.get("status") == "disabled" else "failed"
    return "passed" if case.get("status") == "run" else "failed"


def reason(case):
    """The last line the test printed: a test says why it is skipped before it exits with 77."""
    lines = [line.strip() for line in (case.findtext("system-out") or "").splitlines() if line.strip()]
    if lines:
        return lines[-1]
    return "disabled" if case.get("status") == "disabled" else "no reason printed"


def read_cases(path):
    try:
        return list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test results: {error}", file=sys.stderr)
        return []


def main(path, ctest_status):
    cases = read_cases(path)
    groups = {"passed": [], "failed": [], "skipped": []}
    for case in cases:
        groups[outcome(case)].append(case)
    for case in groups["skipped"]:
        print(f"skipped: {case.get('name')}: {reason(case)}")
    for case in groups["failed"]:
        print(f"failed: {case.get('name')}")
    bad = bool(groups["failed"]) or not cases
    if not cases:
        print("no test ran: that is a failure", file=sys.stderr)
    elif ctest_status != 0 and not groups["failed"]:
        print(f"ctest ended with status {ctest_status} although no test failed", file=sys.stderr)
        bad = True
    sys.stderr.flush()
    print(", ".join(f"{len(groups[name])} {name}" for name in ("passed", "failed", "skipped")), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))

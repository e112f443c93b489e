#!/usr/bin/env python3
"""Runs modules of CPython's own tests natively and under km, and compares them case by case.

usage: python_tests.py --place FOLDER --kept FOLDER [MODULE...]
FOLDER/usr of --place is a Python with its tests, readable for everyone; --kept takes output and results. Without
modules it runs those of python-tests.txt. Each run is in a sandbox of its own. A case that passes natively has to pass
under km, but for the exceptions of python-tests.txt, whose cases have to exist. Exit status: 0 or 1.
"""
import argparse
import collections
import concurrent.futures
import os
import shlex
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

import python_tests_list

TREE = os.environ["KONTAIN_SOURCE"]
KM = os.path.join(os.environ["KONTAIN_SDK"], "bin/km")
SANDBOX = os.path.join(TREE, "tests/projects/sandbox.sh")
MODULE_SECONDS = 900
# What the tests may use: sockets of the sandbox's loopback, but no gigabytes and no minutes of arithmetic.
RESOURCES = "all,-audio,-gui,-urlfetch,-largefile,-cpu,-tzdata"


def verdict(case):
    """PASS, FAIL or SKIP of one <testcase>."""
    kinds = {part.tag for part in case}
    if kinds & {"failure", "error"} or case.get("outcome"):
        return "FAIL"
    return "SKIP" if "skipped" in kinds or case.get("status") == "notrun" else "PASS"


def read_results(path):
    """{case: verdict}; {} when the run left no results. A case whose subtests fail has no name: it is not there."""
    try:
        tree = xml.etree.ElementTree.parse(path)
    except (OSError, xml.etree.ElementTree.ParseError):
        return {}
    found = {}
    for case in tree.iter("testcase"):
        name = case.get("name")
        if name and found.get(name) != "FAIL":
            found[name] = verdict(case)
    return found


class Run:
    """One module, one way."""

    def __init__(self, place, kept, module, way, on_terminal):
        home = os.path.join(place, f"{way}.{module}")
        os.mkdir(home)
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home,
                       "LC_ALL": "C.UTF-8"}
        tests = [*([KM] if way == "km" else []), os.path.join(place, "usr/bin/python3.11"), "-m", "test", "-v",
                 "-u", RESOURCES, "--junit-xml", os.path.join(home, "results.xml"), module]
        if on_terminal:
            environment["TERM"] = "xterm"
            tests = ["script", "--quiet", "--return", "--flush", "--command", shlex.join(tests), "/dev/null"]
        command = ["timeout", "--kill-after=10", str(MODULE_SECONDS), SANDBOX, home, *tests]
        begin = time.monotonic()
        with open(os.path.join(kept, f"{module}.{way}.log"), "wb") as log:
            self.status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                                         check=False).returncode
        self.seconds = round(time.monotonic() - begin)
        self.results = read_results(os.path.join(home, "results.xml"))
        self.counts = collections.Counter(self.results.values())
        shutil.rmtree(home)

    def __str__(self):
        return counted(self.counts) + (f", {self.seconds} s" if self.results else f", status {self.status}")


def counted(counts):
    return f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped"


def run_both(place, kept, module, on_terminal):
    """Its line is printed as soon as it is known."""
    native, ours = (Run(place, kept, module, way, on_terminal) for way in ("native", "km"))
    print(f"{module}: natively {native}; under km {ours}", flush=True)
    return native, ours


def worse(native, ours):
    """Cases that pass natively, and under km do not."""
    return sorted(case for case, end in native.items() if end == "PASS" and ours.get(case) != "PASS")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--place", required=True)
    parser.add_argument("--kept", required=True)
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    known = python_tests_list.read(TREE)
    modules = options.modules or known.all_modules()
    problems = []
    totals = {"native": collections.Counter(), "km": collections.Counter()}
    seen = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda module: run_both(options.place, options.kept, module, module in known.terminal),
                        modules)
        for module, (native, ours) in zip(modules, runs):
            totals["native"] += native.counts
            totals["km"] += ours.counts
            seen.update(native.results)
            if not native.counts["PASS"]:
                problems.append(f"{module}: nothing passes natively (status {native.status})")
            for case in worse(native.results, ours.results):
                reason = known.exceptions.get(case)
                print(f"worse under km: {case}" + (f" (known: {reason})" if reason else ""), flush=True)
                if not reason:
                    problems.append(f"{case}: passes natively, not under km ({module}.km.log)")
    for case in known.exceptions:
        if not options.modules and case not in seen:
            problems.append(f"{case}: an exception of python-tests.txt, and no case")
    print(f"{len(modules)} modules|{counted(totals['native'])}|{counted(totals['km'])}")
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

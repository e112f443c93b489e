#!/usr/bin/env python3
"""Runs every case of a conformance program natively and under km: output and end must be equal.

usage: compare.py [--native N | --only-km] [--calls exit|exitless|auto] SOURCE BUILD [CASE...]
BUILD is one of the BUILDS below. ctest sets KONTAIN_SDK, KONTAIN_SOURCE and KONTAIN_BUILD. --native N only checks that
N native runs of each case agree; --only-km runs cases that check themselves under km alone. Natively, no CHECK may
fail. A case of differences.txt must differ exactly as it says there. km's one line about a fatal fault (km: PROGRAM: killed by ...) is no difference. Exit status: 0 all equal, 77 no
KVM, 1 otherwise.
"""
import argparse
import concurrent.futures
import difflib
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import differences

SDK = os.environ["KONTAIN_SDK"]
SOURCES = os.path.join(os.environ["KONTAIN_SOURCE"], "tests/conformance")
PROGRAMS = os.path.join(os.environ["KONTAIN_BUILD"], "tests/conformance/programs")
KM = os.path.join(SDK, "bin/km")
CASE_SECONDS = int(os.environ.get("CONFORMANCE_SECONDS", "60"))
FATAL = re.compile(r"err: km: .*: killed by SIG")
HUNG_LIMIT = 4  # then the rest is not run, so that a broken km costs minutes, not hours
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}

KONTAIN_GCC = os.path.join(SDK, "bin/kontain-gcc")
KONTAIN_GXX = os.path.join(SDK, "bin/kontain-g++")
FLAGS = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread",
         "-Wno-infinite-recursion"]
# What the cases do on purpose.
GCC_FLAGS = ["-Wno-stringop-overread", "-Wno-stringop-overflow", "-Wno-array-bounds",
             "-Wno-clobbered"]
CXX_FLAGS = ["-std=gnu++20", "-fnon-call-exceptions", *FLAGS[1:]]
LIBCXX_FLAGS = ["-fexperimental-library"]  # libc++ 19 has std::jthread behind it
BUILDS = {
    "glibc": ["gcc", *FLAGS, *GCC_FLAGS, "-lrt"],
    "fixed": [KONTAIN_GCC, *FLAGS, "-no-pie"],
    "static-pie": [KONTAIN_GCC, *FLAGS],
    "glibc-static-pie": ["gcc", *FLAGS, *GCC_FLAGS, "-static-pie"],
}


def build(source, kind):
    """The program's path; compiled when the source, the shared header or the compiler is newer."""
    path = os.path.join(SOURCES, source)
    program = os.path.join(PROGRAMS, f"{os.path.splitext(source)[0]}.{kind}")
    command = list(BUILDS[kind])
    if source.endswith(".cc"):
        compiler, flags = (KONTAIN_GXX, LIBCXX_FLAGS) if command[0] == KONTAIN_GCC else ("g++", [])
        command = [compiler, *CXX_FLAGS, *flags, *(flag for flag in command if flag in ("-static-pie", "-no-pie"))]
    inputs = [path, *glob.glob(os.path.join(SOURCES, "*.h")), shutil.which(command[0]), __file__]
    os.makedirs(PROGRAMS, exist_ok=True)
    # Two tests of one build begin together: a program that runs already must not be replaced.
    with open(f"{program}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(program) and all(os.path.getmtime(i) < os.path.getmtime(program) for i in inputs):
            return program
        with tempfile.TemporaryDirectory(dir=PROGRAMS) as folder:
            made = os.path.join(folder, "program")
            subprocess.run([command[0], path, "-o", made, "-I", os.environ["KONTAIN_SOURCE"], *command[1:]], check=True)
            os.rename(made, program)
    return program


def processes_in(folder, session):
    """Processes that a case left behind: those of its session, and those that still work in its folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        try:
            here = os.readlink(f"/proc/{pid}/cwd").startswith(folder)
        except OSError:
            here = False
        # A zombie with other threads is a process whose leader has left.
        if (fields[0] not in "ZX" or int(fields[17]) > 1) and (here or int(fields[3]) == session):
            found.append(int(pid))
    return found


def wait_for_leftovers(folder, session):
    """Ends what is left after two seconds and says whether there was anything."""
    deadline = time.monotonic() + 2
    while processes_in(folder, session):
        if time.monotonic() > deadline:
            for pid in processes_in(folder, session):
                os.kill(pid, signal.SIGKILL)
            return True
        time.sleep(0.02)
    return False


running = set()
hung = 0


def run(command):
    """How a command ended in an empty folder, as text: its output, its errors, its status."""
    global hung
    if hung >= HUNG_LIMIT:
        return ["not run: too many cases hang"]
    with tempfile.TemporaryDirectory(prefix="conformance.") as folder:
        work = os.path.join(folder, "work")
        os.mkdir(work)
        with open(os.path.join(folder, "out"), "ab+") as out, open(os.path.join(folder, "err"), "ab+") as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=work,
                                       env=ENVIRONMENT, start_new_session=True)
            running.add(process.pid)
            try:
                status = process.wait(CASE_SECONDS)
                end = f"killed by {-status}" if status < 0 else f"exited with {status}"
            except subprocess.TimeoutExpired:
                end = f"still running after {CASE_SECONDS} s"
                for pid in processes_in(folder, process.pid):
                    os.kill(pid, signal.SIGKILL)
                process.wait()
                hung += 1
            running.discard(process.pid)
            left = wait_for_leftovers(folder, process.pid)
            out.seek(0)
            err.seek(0)
            lines = [f"out: {line}" for line in out.read().decode(errors="replace").splitlines()]
            lines += [f"err: {line}" for line in err.read().decode(errors="replace").splitlines()]
        return lines + ["processes left behind"] * left + [end]


def stop(_signal, _frame):
    for session in list(running):
        for pid in processes_in("/nowhere", session):
            os.kill(pid, signal.SIGKILL)
    os._exit(1)


def broken(lines):
    """Why a native run is no reference, or None."""
    if any("CHECK failed" in line or "left behind" in line for line in lines) or "run" in lines[-1]:
        return lines
    return None


def judge(program, case, native_runs, only_km, calls, known):
    """None when the case holds, or differs as is known of it; otherwise lines that say why not."""
    if only_km:
        ours = run([KM, calls, program, case])
        return ours if broken(ours) or ours[-1] != "exited with 0" else None
    native = run([program, case])
    if broken(native):
        return ["natively:", *native]
    if native_runs:
        for _ in range(native_runs - 1):
            again = run([program, case])
            if again != native:
                return ["native runs differ:", *difflib.unified_diff(native, again, "first", "later", lineterm="")]
        return None
    ours = [line for line in run([KM, calls, program, case]) if not FATAL.match(line)]
    changes = [line for line in difflib.unified_diff(native, ours, lineterm="", n=0) if line[:2] != "@@"][2:]
    if known and not changes:
        return ["the known difference is gone: remove it from differences.txt"]
    if changes == (known.lines if known else []):
        return None
    return ["not the known difference:"] * bool(known) + list(difflib.unified_diff(native, ours, "native", "km", lineterm="", n=2))[:60]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--native", type=int, default=0)
    parser.add_argument("--only-km", action="store_true")
    parser.add_argument("--calls", choices=("exit", "exitless", "patched", "auto"), default="exit")
    parser.add_argument("source")
    parser.add_argument("build", choices=BUILDS)
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    if not options.native and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("skipped: /dev/kvm cannot be used")
        return 1 if os.environ.get("KM_REQUIRE_KVM") == "1" else 77
    signal.signal(signal.SIGTERM, stop)
    program = build(options.source, options.build)
    known = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    cases = options.cases or sorted(known)
    if not cases or not set(cases) <= set(known):
        print(f"no such case: {set(cases) - set(known)}")
        return 1
    stem = os.path.splitext(options.source)[0]
    differing = differences.read(os.path.join(SOURCES, "differences.txt"))

    def check(case):
        return judge(program, case, options.native, options.only_km, f"--calls={options.calls}",
                     differing.get(f"{stem}.{case}"))

    failed = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for case, problem in zip(cases, pool.map(check, cases)):
            if problem:
                failed.append(case)
                print(f"== {case}: FAILED", *problem, sep="\n  ", flush=True)
    print(f"{len(cases) - len(failed)} of {len(cases)} cases hold; failed: {' '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

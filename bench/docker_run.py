#!/usr/bin/env python3
"""docker_run.py ROUNDS RUNTIME...: times of `docker run` and `docker exec` of the image bb's hello, by runtime, as a table.

The runtimes take turns, and each round begins with the next one, so that what else the machine does, and what one leaves
behind for the next, meets all of them alike.
"""
import statistics
import subprocess
import sys
import time

DOCKER = "/usr/bin/docker"


def timed(*command):
    start = time.monotonic()
    done = subprocess.run((DOCKER,) + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode()[-200:])
    return (time.monotonic() - start) * 1000


def measure(rounds, commands):
    """commands: by runtime, the words behind `docker`. Answers by runtime: the times in ms, or why there are none."""
    results = {name: [] for name in commands}
    order = list(commands.items())
    for number in range(rounds + 1):
        first = number % len(order)
        for name, words in order[first:] + order[:first]:
            if isinstance(results[name], str):
                continue
            try:
                results[name].append(timed(*words))
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                results[name] = str(error).strip() or "failed"
    # Without the first round, which fills caches.
    return {name: some if isinstance(some, str) else some[1:] for name, some in results.items()}


def cell(result):
    return "failed" if isinstance(result, str) else f"{statistics.median(result):.0f} ({min(result):.0f})"


def row(what, results, runtimes):
    print(f"| {what} | " + " | ".join(cell(results[name]) for name in runtimes) + " |", flush=True)
    for name in runtimes:
        if isinstance(results[name], str):
            print(f"{what}, {name}: {results[name]}", file=sys.stderr)
    return not isinstance(results["krun"], str)


def begin_idle(name):
    """A container that lives, for `docker exec`; without one exec fails and says so."""
    subprocess.run([DOCKER, "run", "-d", "--runtime", name, "--network", "none", "--name", "idle-" + name, "bb", "sleep",
                    "1000"], stdout=subprocess.DEVNULL, check=False)


def main(rounds, *runtimes):
    good = True
    print("| median (least) of " + rounds + ", ms | " + " | ".join(runtimes) + " |")
    print("|---" * (len(runtimes) + 1) + "|")
    for network in ("none", "bridge"):
        run = {name: ("run", "--rm", "--runtime", name, "--network", network, "bb", "/bin/hello") for name in runtimes}
        good &= row(f"`docker run --network {network}`", measure(int(rounds), run), runtimes)
    for name in runtimes:
        begin_idle(name)
    good &= row("`docker exec`", measure(int(rounds), {name: ("exec", "idle-" + name, "/bin/hello") for name in runtimes}), runtimes)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""docker_run.py ROUNDS RUNTIME...: times of `docker run` and `docker exec` of the image bb's hello, by runtime.

The runtimes take turns, so that what else the machine does meets all of them alike.
"""
import statistics
import subprocess
import sys
import time


def timed(*command):
    start = time.monotonic()
    done = subprocess.run(("/usr/bin/docker",) + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode()[-200:])
    return (time.monotonic() - start) * 1000


def measure(what, rounds, commands):
    """commands: by runtime, the words behind `docker`."""
    times = {name: [] for name in commands}
    failed = {}
    for _ in range(rounds + 1):
        for name, words in commands.items():
            try:
                times[name].append(timed(*words))
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                failed[name] = str(error).strip()
    for name, some in times.items():
        if name in failed:
            print(f"{what}, {name}: failed: {failed[name]}")
        else:  # without the first, which fills caches
            print(f"{what}, {name}: median {statistics.median(some[1:]):.0f} ms, least {min(some[1:]):.0f} ms")
    return not failed.get("krun")


def main(rounds, *runtimes):
    good = True
    for network in ("none", "bridge"):
        run = {name: ("run", "--rm", "--runtime", name, "--network", network, "bb", "/bin/hello") for name in runtimes}
        good &= measure(f"docker run --network {network}", int(rounds), run)
    for name in runtimes:
        subprocess.run(["/usr/bin/docker", "run", "-d", "--runtime", name, "--network", "none", "--name", "idle-" + name,
                        "bb", "sleep", "1000"], stdout=subprocess.DEVNULL, check=True)
    good &= measure("docker exec", int(rounds), {name: ("exec", "idle-" + name, "/bin/hello") for name in runtimes})
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

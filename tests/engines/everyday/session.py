#!/usr/bin/python3
"""session.py RUNTIME NETWORK OUT.json: a person's everyday actions at the terminal of a Debian container.

One shell on one pseudo-terminal of `docker run -it`. What each action showed goes to OUT.json by its name, for
comparison with another runtime; an action that did not come to its end shows why.
"""
import importlib
import json
import sys

import pexpect

from terminal import ACTIONS, Shell, clean

# The modules beside this one that have actions. Each adds its own to ACTIONS, in this order.
for group in ("shell", "editors", "processes", "files", "packages", "languages", "network"):
    importlib.import_module(group)


def attempt(function, shell):
    try:
        # bash keeps as its terminal's modes what a program left, now and then its own raw ones after a stopped job.
        shell.run("stty sane -echo")
        return function(shell)
    except (pexpect.TIMEOUT, pexpect.EOF) as error:
        shown = clean(shell.terminal.before if isinstance(shell.terminal.before, str) else "")[-400:]
        return f"NOT FINISHED ({type(error).__name__}): {shown}"


def main(runtime, network, out):
    shell = Shell(runtime, network)
    kernel = shell.run("uname -r")
    shown = {}
    for name, function in ACTIONS:
        shown[name] = attempt(function, shell)
        print(f"{runtime}: {name}: {shown[name][:60]!r}", flush=True)
        if shown[name].startswith("NOT FINISHED"):
            shell.terminal.close(force=True)
            shell = Shell(runtime, network)
    shell.keys("exit 3\r")
    shell.terminal.expect(pexpect.EOF)
    shell.terminal.close()
    shown["exit status of the shell"] = str(shell.terminal.exitstatus)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"kernel": kernel, "shown": shown}, file, indent=1)
    print(f"{runtime}: {len(shown)} actions, {sum(v.startswith('NOT FINISHED') for v in shown.values())} not finished")


if __name__ == "__main__":
    main(*sys.argv[1:])

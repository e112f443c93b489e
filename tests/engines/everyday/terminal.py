"""A shell at the terminal of a container, keys pressed as a person would, and the list of what is done there."""
import re

import pexpect

IMAGE = "everyday"
PROMPT = "box:ready> "
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]|\r")
FAULT = re.compile(r"^km: .*: killed by SIG.*\r?\n", re.MULTILINE)  # what km adds to the shell's own message
JOB = re.compile(r"^\[(\d+)\] \d+$", re.MULTILINE)  # what bash says of a job in the background

ACTIONS = []  # (name, function of a Shell that returns what was shown), in the order in which they are done


def action(name):
    def keep(function):
        ACTIONS.append((name, function))
        return function
    return keep


class Shell:
    """The terminal. A command ends when the prompt is there again."""

    def __init__(self, runtime, network):
        command = ["run", "--rm", "-it", "--init", "--runtime", runtime, "--network", network, "--hostname", "box",
                   "-e", "TERM=xterm", IMAGE, "bash", "--norc"]
        self.terminal = pexpect.spawn("/usr/bin/docker", command, dimensions=(40, 132), encoding="utf-8", timeout=30,
                                      codec_errors="replace", env=None)
        self.terminal.setecho(False)
        self.terminal.expect_exact("# ", timeout=60)
        self.terminal.sendline("bind 'set enable-bracketed-paste off'; cd /root; HISTFILE=; PS1='box:'ready'> '")
        self.terminal.expect_exact(PROMPT)
        self.run("stty -echo")

    def keys(self, text):
        self.terminal.send(text)

    def wait(self, text, seconds=30):
        self.terminal.expect_exact(text, timeout=seconds)
        return clean(self.terminal.before)

    def prompt(self, seconds=30):
        return self.wait(PROMPT, seconds).strip()

    def run(self, command, seconds=30):
        self.keys(command + "\r")
        return self.prompt(seconds)

    def resize(self, rows, columns):
        self.terminal.setwinsize(rows, columns)


def clean(text):
    text = FAULT.sub("", text)
    return JOB.sub(r"[\1] N", CONTROL.sub("", text))


def without_numbers(text):
    return re.sub(r"\d+", "N", text)

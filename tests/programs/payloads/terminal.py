"""terminal.py SHELL...: runs a shell on a new terminal, types at it as a person would, and prints what it answers."""
import os
import pty
import re
import select
import signal
import sys
import time

PROMPT = "prompt> "
DEADLINE = time.monotonic() + 100


class Terminal:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1=PROMPT, TERM="dumb", HISTFILE="", LC_ALL="C")
            os.execvp(command[0], command)
        self.seen = ""

    def read_until(self, text):
        """Everything up to and with `text`."""
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, DEADLINE - time.monotonic()))
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                sys.exit("no %r in %r" % (text, self.seen))
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # the other side is gone
                data = b""
            if not data:
                sys.exit("the terminal closed, waiting for %r: %r" % (text, self.seen))
            self.seen += data.decode()
        part, _, self.seen = self.seen.partition(text)
        return part + text

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def command(self, line):
        self.type(line + "\n")
        return self.read_until(PROMPT)


def show(text):
    text = text.replace("\r", "").replace(PROMPT, "")
    # Whether a shell tells of a job's end before or after the next prompt is a matter of time.
    text = re.sub(r"\[\d\][+-]? +(Terminated|Killed) .*\n", "", text)
    # So is whether it tells of a stopped one once or twice.
    text = re.sub(r"(\[\d\][+-]? +Stopped .*\n)\1+", r"\1", text)
    # And so are empty lines.
    for line in filter(None, re.sub(r"(\[\d\]) \d+", r"\1 PID", text).split("\n")):
        print(line)


# timeout makes itself the leader of a new group, which a shell that wants the terminal must not be behind.
command = sys.argv[1:]
if command[0] == "timeout":
    command.insert(1, "--foreground")
shell = Terminal(command)
show(shell.read_until(PROMPT))
show(shell.command("stty -echo; tty >/dev/null && echo terminal; echo $-"))
show(shell.command("stty rows 33 cols 99; stty size; echo $COLUMNS"))

# Control-C ends the foreground job only, control-Z stops it.
shell.type("cat\n")
shell.type("a line\n")
show(shell.read_until("a line\r\n"))
shell.type("\x03")
show(shell.read_until(PROMPT))
show(shell.command("echo status $?"))
shell.type("cat\n")
shell.type("before\n")
show(shell.read_until("before\r\n"))
shell.type("\x1a")
show(shell.read_until(PROMPT))
show(shell.command("echo status $?; jobs"))
shell.type("fg\n")
show(shell.read_until("cat\r\n"))
shell.type("after\n")
show(shell.read_until("after\r\n"))
shell.type("\x04")
show(shell.read_until(PROMPT))

# A pipeline is one job; background jobs may not read the terminal.
shell.type("sleep 50 | cat\n")
time.sleep(1.5)
shell.type("\x1a")
show(shell.read_until(PROMPT))
show(shell.command("bg"))
show(shell.command("jobs"))
show(shell.command("kill %1; wait; echo waited"))
show(shell.command("cat & sleep 1.5; jobs"))
# A stopped job that is told to die is still a stopped job for a while, which wait does not wait for.
dying = "while jobs %1 2>/dev/null | grep -q Stopped; do sleep 0.1; done"
show(re.sub(r"\[\d\][+-]? +Stopped .*\n", "", shell.command("kill -KILL %%1; %s; wait; jobs | wc -l" % dying)))
shell.type("sleep 50; echo not reached\n")
time.sleep(1.5)
shell.type("\x03")
show(shell.read_until(PROMPT))
show(shell.command("echo status $?"))
shell.type("exit 5\n")
_, status = os.waitpid(shell.pid, 0)
print("the shell ended with", os.waitstatus_to_exitcode(status))

#!/usr/bin/env python3
"""conmon as CRI-O starts it: the arguments, descriptors and answers of its internal/oci/runtime_oci.go.

  crio_conmon.py create RUNTIME ROOT BUNDLE ID FOLDER [--terminal]    prints the pid of the container's first process
  crio_conmon.py exec RUNTIME ROOT ID FOLDER SECONDS PROCESS.json     streams and status are the command's

FOLDER gets `log`, `exits/ID` (the exit status), `attach/` and the files with process ids.
"""
import fcntl
import json
import os
import subprocess
import sys


def high_pipe():
    """A pipe whose numbers are out of the way of those that conmon is given."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends]
    for end in ends:
        os.close(end)
    return high


def run_conmon(arguments, cwd=None):
    """Its status, and the first line of JSON on its synchronisation pipe. 3 and 4 are the numbers CRI-O gives."""
    sync_read, sync_write = high_pipe()
    start_read, start_write = high_pipe()
    wrapper = f"exec 3>&{sync_write} 4<&{start_read} {sync_write}>&- {start_read}<&-; exec conmon \"$@\""
    process = subprocess.Popen(["bash", "-c", wrapper, "conmon", *arguments], cwd=cwd, stdin=subprocess.DEVNULL,
                               pass_fds=(sync_write, start_read),
                               env={"PATH": os.environ["PATH"], "_OCI_SYNCPIPE": "3", "_OCI_STARTPIPE": "4"})
    os.close(sync_write)
    os.close(start_read)
    os.write(start_write, b"\0")
    os.close(start_write)
    status = process.wait()
    with os.fdopen(sync_read) as file:
        text = file.readline()
    return status, json.loads(text) if text.strip() else {}


def create(runtime, root, bundle, identifier, folder, *options):
    for name in ("exits", "attach", "persist"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    status, answer = run_conmon([
        "-b", bundle, "-c", identifier, "--exit-dir", os.path.join(folder, "exits"),
        "-l", os.path.join(folder, "log"), "--log-level", "info", "-n", "k8s_" + identifier,
        "-P", os.path.join(folder, "conmon-pidfile"), "-p", os.path.join(bundle, "pidfile"),
        "--persist-dir", os.path.join(folder, "persist"), "-r", runtime, "--runtime-arg", "--root=" + root,
        "--socket-dir-path", os.path.join(folder, "attach"), "--syslog", "-u", identifier, "--log-size-max", "1000000",
        *(["-t"] if "--terminal" in options else [])], cwd=bundle)
    pid = answer.get("data", answer.get("pid", -1))
    if status != 0 or pid <= 0:
        print("create failed:", answer.get("message", status), file=sys.stderr)
        return 1
    print(pid)
    return 0


def read_log(path):
    """The streams of a log in Kubernetes' format: time, stream, P(artial) or F(ull), text."""
    with open(path, "rb") as file:
        for line in file:
            _, stream, tag, text = line.split(b" ", 3)
            out = sys.stdout if stream == b"stdout" else sys.stderr
            out.buffer.write(text[:-1] if tag == b"P" else text)


def exec_sync(runtime, root, identifier, folder, seconds, process):
    log = os.path.join(folder, f"exec-{os.getpid()}.log")
    open(log, "wb").close()
    _, answer = run_conmon([
        "-c", identifier, "-n", "k8s_" + identifier, "-r", runtime, "-p", log + ".pid", "-e", "-l", log,
        "--socket-dir-path", os.path.join(folder, "attach"), "--log-level", "info", "--sync",
        "--log-global-size-max", "16777216", "-T", seconds, "--exec-process-spec", process,
        "--runtime-arg", "--root=" + root])
    read_log(log)
    if answer.get("message"):
        print(answer["message"], file=sys.stderr)
    return answer.get("data", answer.get("exit_code", -1)) & 0xFF


if __name__ == "__main__":
    sys.exit({"create": create, "exec": exec_sync}[sys.argv[1]](*sys.argv[2:]))

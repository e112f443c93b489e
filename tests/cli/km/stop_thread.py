#!/usr/bin/env python3
"""stop_thread.py TID: stops one thread of a process, as a debugger does, and says `stopped`; it goes on when the standard
input ends. Exit status 77 where tracing is not allowed."""
import ctypes
import errno
import os
import sys

SEIZE, INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000


def main(tid):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    for request in (SEIZE, INTERRUPT):
        if libc.ptrace(request, tid, 0, 0) != 0:
            sys.exit(77 if ctypes.get_errno() == errno.EPERM else "ptrace: " + os.strerror(ctypes.get_errno()))
    os.waitpid(tid, WALL)
    print("stopped", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))

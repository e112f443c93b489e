#!/usr/bin/env python3
"""refuse_ioctl.py REQUEST[:ARGUMENT] PROGRAM [ARGUMENT...]: runs PROGRAM on a kernel that answers one ioctl with EIO.

A seccomp filter plays the kernel that lacks a capability or fails at a step; both numbers are compared as 32 bits.
"""
import ctypes
import os
import struct
import sys

LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050005
SYS_IOCTL, NUMBER, REQUEST, ARGUMENT = 16, 0, 24, 32
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2


def filter_program(wanted):
    """Classic BPF: refuse when every (offset, value) pair matches, allow otherwise."""
    lines = []
    for index, (offset, value) in enumerate(wanted):
        lines += [(LOAD, 0, 0, offset), (JUMP_EQUAL, 0, 2 * (len(wanted) - index - 1) + 1, value)]
    lines += [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *line) for line in lines), len(lines)


def main(refused, command):
    request, _, argument = refused.partition(":")
    wanted = [(NUMBER, SYS_IOCTL), (REQUEST, int(request, 0))]
    if argument:
        wanted.append((ARGUMENT, int(argument, 0)))
    code, length = filter_program(wanted)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", length, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)):
        if libc.prctl(*call) != 0:
            sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

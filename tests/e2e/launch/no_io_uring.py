"""Runs a program under a seccomp filter that answers EPERM to the io_uring system calls, as Docker does.

usage: no_io_uring.py PROGRAM ARGUMENT...
"""

import ctypes
import errno
import os
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_AT_LEAST, JUMP_ABOVE, RETURN = 0x20, 0x35, 0x25, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
IO_URING_SETUP, IO_URING_REGISTER = 425, 427


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]


# The numbers are the same on all architectures with io_uring, so the architecture is not looked at.
code = (Instruction * 5)(
    Instruction(LOAD, 0, 0, 0),
    Instruction(JUMP_AT_LEAST, 0, 2, IO_URING_SETUP),
    Instruction(JUMP_ABOVE, 1, 0, IO_URING_REGISTER),
    Instruction(RETURN, 0, 0, REFUSE),
    Instruction(RETURN, 0, 0, ALLOW),
)
libc = ctypes.CDLL(None, use_errno=True)
program = Program(len(code), code)
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
    sys.exit(f"the filter was refused: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])

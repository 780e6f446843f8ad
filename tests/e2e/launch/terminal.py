"""Runs a program on a terminal of its own, which hangs up at SIGUSR1; ends with the program's exit code.

usage: terminal.py PROGRAM ARGUMENT...
"""

import os
import pty
import signal
import sys
import time

PATIENCE = 10

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])


def hang_up(*_):
    os.close(terminal)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os._exit(99)


signal.signal(signal.SIGUSR1, hang_up)
signal.signal(signal.SIGHUP, lambda *_: os.kill(pid, signal.SIGHUP))
while True:
    sys.stdout.buffer.write(os.read(terminal, 4096))
    sys.stdout.flush()

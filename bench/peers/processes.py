"""Processes in groups of their own: pinned, with real-time priority where allowed, and gone at the end."""

import contextlib
import math
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from peers import proc

# Round robin at the middle of the range; the kernel keeps 5 % of each core for everybody else.
PRIORITY = "10"
# How long the kernel may take to end what was killed.
KILL_SECONDS = 5.0
_running: list["Group"] = []


class Failed(Exception):
    """A run that says nothing: the text is why."""


@dataclass(frozen=True)
class Pin:
    """Where a process may run: one core or any, in real time or like everything else."""

    core: int | None
    realtime: bool

    def command(self, command: Sequence[str]) -> list[str]:
        # When the bench itself is killed, the kernel ends what it started.
        line = ["setpriv", "--pdeathsig", "TERM"]
        if self.core is not None:
            line += ["taskset", "-c", str(self.core)]
        if self.realtime:
            line += ["chrt", "-r", PRIORITY]
        return [*line, *command]


class Group:
    """One command with all that it starts."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        pin: Pin,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Its output goes into `folder`/NAME.out and NAME.err, which is also where it runs."""
        self.name = name
        self.out = folder / f"{name}.out"
        self.err = folder / f"{name}.err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self._process = subprocess.Popen(
                pin.command(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        _running.append(self)

    def pids(self) -> list[int]:
        return proc.group_members(self._process.pid)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def exit_code(self) -> int | None:
        return self._process.poll()

    def wait(self, limit: float, tick: Callable[[float], None] | None = None) -> int:
        """Its exit code; `tick` is called once a second with the seconds passed. Raises Failed after `limit`."""
        begin = time.monotonic()
        for second in range(1, math.ceil(limit) + 1):
            try:
                return self._process.wait(timeout=max(0.0, begin + second - time.monotonic()))
            except subprocess.TimeoutExpired:
                if tick:
                    tick(float(second))
        raise Failed(f"{self.name} did not end within {limit:.0f} s")

    def stop(self, grace: float = 5.0) -> None:
        """Ends the group: asked first, then by force."""
        for what, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, KILL_SECONDS)):
            deadline = time.monotonic() + patience
            if self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, what)
            while self.pids() and time.monotonic() < deadline:
                self._process.poll()
                time.sleep(0.02)
        self._process.wait()
        if self in _running:
            _running.remove(self)

    def last_words(self) -> str:
        """The end of what it wrote, for the report of a failure."""
        text = self.err.read_text(errors="replace").strip() or self.out.read_text(errors="replace").strip()
        return text[-300:]


def stop_all() -> None:
    """Ends whatever still runs."""
    for group in list(_running):
        group.stop(grace=1.0)


def free_port() -> int:
    """A port that nobody uses now, so that nothing that runs is disturbed."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for_port(group: Group, port: int, limit: float = 20.0) -> None:
    """Until the port accepts. Raises Failed when the process ends or the time is over."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if group.ended():
            raise Failed(f"{group.name} ended at its start: {group.last_words()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failed(f"{group.name} does not accept on port {port} after {limit:.0f} s: {group.last_words()}")


def realtime_allowed() -> str | None:
    """None when real-time priority can be used, else why not."""
    period = int(Path("/proc/sys/kernel/sched_rt_period_us").read_text())
    runtime = int(Path("/proc/sys/kernel/sched_rt_runtime_us").read_text())
    if not 0 < runtime < period:
        return "the kernel's throttle of real-time processes is off, and they could freeze the machine"
    tried = subprocess.run(["chrt", "-r", PRIORITY, "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else "not permitted: " + tried.stderr.strip()

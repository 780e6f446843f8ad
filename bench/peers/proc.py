"""What the kernel tells about processes and sockets, out of /proc."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """Sums over some processes; memory in KiB, CPU time (user and system) in seconds."""

    cpu_seconds: float
    rss_kib: int
    memfd_kib: int
    descriptors: int


def usage(pids: list[int]) -> Usage:
    """Processes that have ended count as nothing."""
    seen = [_usage(Path("/proc") / str(pid)) for pid in pids]
    return Usage(
        sum(one.cpu_seconds for one in seen),
        sum(one.rss_kib for one in seen),
        sum(one.memfd_kib for one in seen),
        sum(one.descriptors for one in seen),
    )


def _usage(folder: Path) -> Usage:
    try:
        fields = _stat(folder)
        ticks = int(fields[11]) + int(fields[12])
        status = (folder / "status").read_text()
    except OSError:
        return Usage(0.0, 0, 0, 0)
    rss = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
    descriptors, memfd = _descriptors(folder / "fd")
    return Usage(ticks / TICKS, rss, memfd, descriptors)


def _descriptors(folder: Path) -> tuple[int, int]:
    """How many, and the KiB of blocks that those hold which are memory files (each file once)."""
    count, blocks = 0, {}
    try:
        names = os.listdir(folder)
    except OSError:
        return 0, 0
    for name in names:
        count += 1
        try:
            if os.readlink(folder / name).startswith("/memfd:"):
                found = os.stat(folder / name)
                blocks[found.st_ino] = found.st_blocks
        except OSError:
            continue
    return count, sum(blocks.values()) * 512 // 1024


def _stat(folder: Path) -> list[str]:
    """The fields of `stat` from the third on: the second, the name, may hold spaces."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def group_members(group: int) -> list[int]:
    """The processes of a process group, zombies not counted."""
    members = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, _, leader = _stat(Path("/proc") / name)[:3]
        except OSError:
            continue
        if int(leader) == group and state != "Z":
            members.append(int(name))
    return members


def own_seconds() -> float:
    """CPU time of the bench and of all that it started and that has ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def cores() -> int:
    """Those of the machine, not only those that the bench may use."""
    return os.cpu_count() or 1


def busy_share(before: tuple[float, float], after: tuple[float, float], among: int) -> float:
    """Busy cores between two `machine_times`: 0 to `among`."""
    total = after[1] - before[1]
    return among * (after[0] - before[0]) / total if total > 0 else 0.0


def machine_times() -> tuple[float, float]:
    """Busy and total ticks of all cores since the machine's start."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def queued_bytes(port: int) -> int:
    """Bytes that wait in the kernel to be sent, or acknowledged, from sockets of this local port."""
    total = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            # Listening sockets (state 0A) use these columns for their backlog.
            if fields[3] != "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                total += int(fields[4].split(":")[0], 16)
    return total

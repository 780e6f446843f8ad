"""What the figures were measured on, and with which versions."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from peers.servers.base import Tools


def machine() -> dict[str, Any]:
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().splitlines()[0].split()[1])
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory / 1024 / 1024, 1), "kernel": platform.release()}


def commit(repository: Path) -> dict[str, Any]:
    """The commit that was measured, and whether files differed from it."""
    changed = _first_line(["git", "-C", str(repository), "status", "--porcelain", "--untracked-files=no"])
    return {"commit": _first_line(["git", "-C", str(repository), "rev-parse", "HEAD"]), "uncommitted changes": bool(changed)}


def versions(tools: Tools) -> dict[str, str]:
    nms = {f"node-media-server {major}": _package(folder) for major, folder in tools.nms.items()}
    return {
        "shardcast": _first_line([str(tools.shardcast), "--version"]),
        "nginx": _first_line([str(tools.nginx), "-e", "stderr", "-v"]),
        **nms,
        "node": _first_line(["node", "--version"]),
        "wrk": _first_line(["wrk", "--version"]),
        "ffmpeg": _first_line([tools.ffmpeg, "-version"]),
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _package(modules: Path) -> str:
    return str(json.loads((modules / "node-media-server" / "package.json").read_text())["version"])


def _first_line(command: list[str]) -> str:
    """Of what it prints; empty when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else ""

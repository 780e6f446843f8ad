"""Requests to the REST API beside publishers."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from peers.load import PER_SECOND, WARMUP, read_out
from peers.options import Options
from peers.processes import Failed, Group
from peers.runs.stage import AROUND_SECONDS, LEAD_SECONDS, Outcome, Stage, check, keys_file
from peers.servers.base import Running, Server

ADMIN = "bench@example.org"
USERS = 20
# Each has two passwords hashed before the run, which the server does slowly on purpose.
USER_SECONDS = 0.15


@dataclass(frozen=True)
class Api:
    """`requests` and `logins` a second, by 20 users, while `count` publishers of 500 kbit/s publish.

    At normal priority, whatever the other cases have: within one real-time priority the kernel could not tell
    the media's threads from those that hash passwords.
    """

    requests: int
    logins: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def seconds(self, options: Options, count: int) -> float:
        return AROUND_SECONDS + LEAD_SECONDS + count / PER_SECOND + USERS * USER_SECONDS + WARMUP + options.seconds

    def measure(self, stage: Stage, server: Server, count: int) -> Outcome:
        stage = replace(stage, realtime=False)
        settings = {"RATE_LIMIT_MAX_REQUESTS": "0", "MAX_STREAMS_PER_USER": "0", **self.environment}
        with stage.serving(server, settings) as (running, folder):
            loader = stage.loader()
            keys = keys_file(running, folder, 0, count)
            lasting = self.seconds(stage.options, count) + 120
            publishers = Group(
                "publishers",
                loader.publish_command(running.publish, stage.small, count, keys, lasting),
                loader.pin,
                folder,
            )
            command = [str(loader.shardcast), "load", "api", _place(running), "--login", ADMIN, "--runtime", "epoll"]
            command += ["--users", str(USERS), "--per-second", str(self.requests), "--logins", str(self.logins)]
            command += ["--warmup", str(WARMUP + count / PER_SECOND), "--duration", f"{loader.seconds:g}", "--json"]
            command += ["--watch-pid", ",".join(map(str, running.group.pids()))]
            secret = {"SHARDCAST_PASSWORD": _administrator(loader.shardcast, folder)}
            summary = loader.measure("requests", command, folder, environment=secret)
            check(publishers)
            check(running.group)
            return Outcome(read_out(summary, self.requests), summary)


def _place(running: Running) -> str:
    """Raises Failed for a server without an API."""
    if not running.metrics:
        raise Failed("this server has no API")
    return running.metrics.removesuffix("/metrics")


def _administrator(shardcast: Path, folder: Path) -> str:
    """Adds one to the running server; the password that it made."""
    command = [str(shardcast), "user", "add", ADMIN, "--role", "admin", "--json", "--data-dir", str(folder / "data")]
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if made.returncode != 0:
        raise Failed(f"shardcast user add: {made.stderr.strip()}")
    return str(json.loads(made.stdout)["password"])

"""Every server with the settings that cases name, by a short name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from peers.processes import Failed, Pin
from peers.servers.base import Running, Server, Tools
from peers.servers.nginx import Nginx
from peers.servers.nms import NodeMediaServer
from peers.servers.ours import Shardcast


@dataclass(frozen=True)
class Nobody:
    """For programs that start themselves what they measure."""

    label: str

    def start(self, tools: Tools, folder: Path, pin: Pin, environment: Mapping[str, str]) -> Running:
        raise Failed("there is no server to start")


SERVERS: Mapping[str, Server] = {
    "ours": Shardcast("ours"),
    "ours-now": Shardcast("ours, GATHER_MS=0", {"GATHER_MS": "0"}),
    "ours-1": Shardcast("ours, 1 shard"),
    "ours-2": Shardcast("ours, 2 shards", {"SHARDS": "2"}),
    "nginx": Nginx("nginx-rtmp"),
    "nginx-hls": Nginx("nginx-rtmp, HLS on", hls=True),
    "nms2": NodeMediaServer("NMS 2.7.4", 2),
    "nms2-hls": NodeMediaServer("NMS 2.7.4 + its ffmpeg", 2, hls=True),
    "nms4": NodeMediaServer("NMS 4", 4),
    "itself": Nobody("-"),
}
OURS = tuple(name for name in SERVERS if name.startswith("ours"))


def label(name: str) -> str:
    return SERVERS[name].label if name in SERVERS else name

"""The streams that are published, encoded once and kept."""

import subprocess
from pathlib import Path

from peers.processes import Failed

SECONDS = 20
FPS = 30
# A key frame each 2 s; no more at scene cuts, so that every server cuts the same segments.
GROUP = 2 * FPS


def film(ffmpeg: str, folder: Path) -> Path:
    """1920x1080, H.264 High with 2 B-frames at 2.5 Mbit/s, AAC at 128 kbit/s."""
    return _encode(ffmpeg, folder / "film.flv", "1920x1080", 2500, 128)


def small(ffmpeg: str, folder: Path) -> Path:
    """640x360 at 430 kbit/s, AAC at 64 kbit/s: what many publishers send."""
    return _encode(ffmpeg, folder / "small.flv", "640x360", 430, 64)


def _encode(ffmpeg: str, file: Path, size: str, video: int, audio: int) -> Path:
    """Test pattern and noise, so that the encoder needs its whole bit rate. Raises Failed."""
    if file.exists():
        return file
    part = file.with_suffix(".part")
    picture = f"testsrc2=size={size}:rate={FPS},noise=alls=12:allf=t"
    sound = "anoisesrc=color=pink:amplitude=0.3:sample_rate=48000"
    command = [ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    command += ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", str(SECONDS)]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p"]
    command += ["-bf", "2", "-g", str(GROUP), "-keyint_min", str(GROUP), "-sc_threshold", "0"]
    command += ["-b:v", f"{video}k", "-maxrate", f"{video}k", "-bufsize", f"{video}k"]
    command += ["-c:a", "aac", "-ac", "2", "-b:a", f"{audio}k", "-f", "flv", str(part)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Failed(f"ffmpeg could not make {file.name}: {made.stderr.strip()}")
    part.rename(file)
    return file

"""What the person who runs the bench can choose, by environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


class BadOption(Exception):
    """A variable has a value that the bench cannot use; the text says which and what it may be."""


@dataclass(frozen=True)
class Options:
    """Defaults make the whole campaign; the tests of the bench itself use much smaller values."""

    rounds: int = 3
    cases: tuple[str, ...] = ()
    players: tuple[int, ...] = ()
    seconds: float = 10.0
    soak_minutes: float = 30.0
    record: bool = False
    realtime: bool = True

    @staticmethod
    def read(environment: Mapping[str, str] = os.environ) -> "Options":
        """Raises BadOption for a value out of range."""
        return Options(
            rounds=int(_number(environment, "ROUNDS", 3, 1, 100)),
            cases=_words(environment, "CASES"),
            players=tuple(_count(word) for word in _words(environment, "PLAYERS")),
            seconds=_number(environment, "SECONDS", 10.0, 1.0, 3600.0),
            soak_minutes=_number(environment, "SOAK_MINUTES", 30.0, 0.2, 24 * 60.0),
            record=environment.get("RECORD", "") in ("1", "true", "yes"),
            realtime=environment.get("REALTIME", "1") not in ("0", "false", "no"),
        )


def _words(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in environment.get(name, "").split(",") if word.strip())


def _count(word: str) -> int:
    if not word.isdigit() or not 1 <= int(word) <= 100_000:
        raise BadOption(f"PLAYERS: {word!r} is not a number from 1 to 100000")
    return int(word)


def _number(environment: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = environment.get(name, "").strip()
    # The shell's own SECONDS is 0 in a script that was given none.
    if not text or (name == "SECONDS" and text == "0"):
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadOption(f"{name}: {text!r} is not a number from {least:g} to {most:g}")
    return value

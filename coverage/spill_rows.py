"""Rows of what a layout does against limits: outside, in keep rooms, to other services and to people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

__all__ = ["ExposureRow", "KeepRow", "RingRow", "ServiceRow", "WorstPlace", "failing_rows"]


class RingRow(NamedTuple):
    """A ring or receptor group outside: its points, how many fail, and how many may."""

    name: str
    points: int
    failing: int
    may_fail: int
    passed: bool


class KeepRow(NamedTuple):
    """A keep room and an operator named for it, and in what share of worlds it has service there."""

    room: str
    operator: str
    share: float
    passed: bool


class ServiceRow(NamedTuple):
    """A protected service, and what was found, in words."""

    service: str
    found: str
    passed: bool


class ExposureRow(NamedTuple):
    """A room, and the sum over devices and bands of exposure ÷ ICNIRP limit in it."""

    room: str
    share: float
    passed: bool


class WorstPlace(NamedTuple):
    """Where the smallest margin outside that counts is, on which channel, and how where it is not by power."""

    place: str = ""
    channel: str = ""
    how: str = ""

    def in_words(self, channel_in_words: Callable[[str], str] = str) -> str:
        """``10 m outside, north: EE/B20/LTE``, the channel as it is to be called; empty where there is no place."""
        if not self.place:
            return ""
        channel = channel_in_words(self.channel) if self.channel else ""
        return f"{self.place}: {' '.join(part for part in (channel, self.how) if part)}"


class _Row(Protocol):
    @property
    def passed(self) -> bool: ...


def failing_rows(*tables: Iterable[_Row]) -> int:
    """How many rows of some tables of limits did not pass."""
    return sum(not row.passed for rows in tables for row in rows)

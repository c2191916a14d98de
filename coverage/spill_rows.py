"""Rows of what a layout does against limits: outside, in keep rooms, to other services and to people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

__all__ = ["ExposureRow", "KeepRow", "RingRow", "ServiceRow", "failing_rows"]


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


class _Row(Protocol):
    @property
    def passed(self) -> bool: ...


def failing_rows(*tables: Iterable[_Row]) -> int:
    """How many rows of some tables of limits did not pass."""
    return sum(not row.passed for rows in tables for row in rows)

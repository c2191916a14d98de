"""Memory of the server: what the quick estimates of all sessions may take together, and what is given back.

Estimates keep the links of every blocker to every square of a storey, so that a gesture costs its own links alone:
45 MB a storey of houseblock, 170 MB one of radial. What was in use longest ago is put away first, of a session that
holds more than its share before all others; the next gesture there works it out again.
"""

from __future__ import annotations

import ctypes
import math
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Treatment
    from quietwing.coverage.live import Drafting

    Key = tuple[tuple[Treatment, ...], int]  # treatments, and the place

__all__ = [
    "MOST_OF_ALL_BYTES",
    "MOST_OF_ONE_BYTES",
    "count_in",
    "few_arenas",
    "give_back",
    "has_room",
    "make_room",
    "put_old_away",
]

# Beside 0.4 GiB of the program itself: 1 GiB with two sessions on three sites.
MOST_OF_ONE_BYTES = 400 << 20
MOST_OF_ALL_BYTES = 480 << 20
MOST_AT_WORK_BYTES = 600 << 20  # while several sessions are at work: none takes the storey another has in hand
NEW_BYTES = 400 << 20  # of the first storey of a site: one of radial keeps 320 MB (assumed)
AT_WORK_S = 60.0  # since the last gesture (assumed)
M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2

_counted: WeakSet[Drafting] = WeakSet()  # of every session, for their size alone: nobody reads another's plans here


def count_in(drafting: Drafting) -> None:
    """Count a session's estimates among those that share the memory."""
    _counted.add(drafting)


def has_room(drafting: Drafting) -> bool:
    """Whether one more storey like those there are can be kept without another being put away."""
    largest = max((size for _, size in drafting.held.values()), default=0)
    own, all_of_them = drafting.nbytes, sum(each.nbytes for each in list(_counted))
    return own + largest <= MOST_OF_ONE_BYTES and all_of_them + largest <= MOST_OF_ALL_BYTES


def make_room(drafting: Drafting) -> None:
    """Before a storey is worked out: put away what other sessions, idle now, would have to give for it afterwards.

    While it is worked out it takes as much again, so that memory would be at its most just then.
    """
    new = max((size for _, size in drafting.held.values()), default=NEW_BYTES)
    others = [each for each in list(_counted) if each is not drafting]
    left = max(MOST_OF_ALL_BYTES - new - drafting.nbytes, 0)
    if others and _put_away(drafting, None, others, left, time.monotonic() - AT_WORK_S):
        give_back()


def put_old_away(drafting: Drafting, key: Key) -> bool:
    """Put away what was in use longest ago until the rest is within the limits.

    Parameters
    ----------
    drafting : Drafting
        That has just been asked.
    key : tuple
        Treatments and place that it was asked for: these stay.

    Returns
    -------
    bool
        Whether anything was put away.
    """
    put_away = _put_away(drafting, key, [drafting], MOST_OF_ONE_BYTES)
    holders = list(_counted | {drafting})
    put_away |= _put_away(drafting, key, holders, MOST_OF_ALL_BYTES, time.monotonic() - AT_WORK_S)
    put_away |= _put_away(drafting, key, holders, MOST_AT_WORK_BYTES)
    if put_away:
        give_back()
    return put_away


def _put_away(
    in_hand: Drafting, key: Key | None, holders: list[Drafting], most_bytes: int, before_s: float = math.inf
) -> bool:
    """Put away what was in use before a time, or whenever, until the rest is within a limit."""
    share = most_bytes / len(holders)
    tried: set[tuple[int, Key]] = set()
    while sum(each.nbytes for each in holders) > most_bytes:
        known = [
            (each.nbytes <= share, used_s, number, at)
            for number, each in enumerate(holders)
            for at, (used_s, _) in each.held.items()
            if (each is not in_hand or at != key)
            and (number, at) not in tried
            and (each is in_hand or used_s < before_s)
        ]
        if not known:
            break
        _, _, number, at = min(known, key=lambda one: one[:3])
        tried.add((number, at))
        holders[number].put_away(at)
    return bool(tried)


def give_back() -> None:
    """Give freed memory back to the system, where malloc can be asked to."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # a libc that is not glibc
            ctypes.CDLL(None).malloc_trim(0)


def few_arenas() -> None:
    """Before any thread: have threads share two heaps. With one each what they free stays in pieces."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)

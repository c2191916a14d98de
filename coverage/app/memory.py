"""Memory of the server: what the quick estimates of all sessions may take together, and what is given back.

Estimates keep the links of every blocker to every square of a storey, so that a gesture costs its own links alone:
80 MB for the storey of houseblock that is in hand, 250 MB for one of radial. What was in use longest ago is put away
first, of a session that holds more than its share before all others, and before a storey is worked out rather than
after it; the next gesture there works it out again.
"""

from __future__ import annotations

import ctypes
import math
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Device, Treatment
    from quietwing.coverage.live import Drafting

    Key = tuple[tuple[Treatment, ...], int]  # treatments, and the place

__all__ = [
    "MOST_OF_ALL_BYTES",
    "MOST_OF_ONE_BYTES",
    "count_in",
    "few_arenas",
    "give_back",
    "give_back_for_good",
    "has_room",
    "make_room",
    "put_old_away",
    "storey_bytes",
]

# Beside 0.5 GiB of the program itself, its compiled kernels included: 1 GiB with two sessions on three sites.
MOST_OF_ONE_BYTES = 320 << 20
MOST_OF_ALL_BYTES = 360 << 20
MOST_AT_WORK_BYTES = 380 << 20  # while several sessions are at work: none takes the storey another has in hand
# What a new storey takes, and what a site does besides; measured on the three bundled ones (`storey_bytes`).
SQUARE_BYTES, LINK_BYTES, LEGS_BYTES = 27_000, 1_500, 32 << 20
ROOM_BYTES, WAY_BYTES = 30_000, 1_100
AT_WORK_S = 60.0  # since the last gesture (assumed)
M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2
GIVE_BACK_EVERY_S = 1.0  # it takes 1 ms where nothing is free and 5 to 30 where 70 to 150 MB go back

_counted: WeakSet[Drafting] = WeakSet()  # of every session, for their size alone: nobody reads another's plans here


def count_in(drafting: Drafting) -> None:
    """Count a session's estimates among those that share the memory."""
    _counted.add(drafting)


def storey_bytes(drafting: Drafting, key: Key, devices: tuple[Device, ...]) -> int:
    """What a storey will take beside what is kept of it already, about; the first one of a site with the site.

    106, 337 and 281 MB for the first storeys of houseblock, radial and campus, where it was 96, 297 and 249.
    """
    squares, rooms = len(drafting.places[key[1]].silent), len(drafting.site.rooms)
    _, kept = drafting.held.get(key, (0.0, 0))
    found = squares * (SQUARE_BYTES + LINK_BYTES * len(devices)) + LEGS_BYTES - kept
    if not drafting.held:
        found += rooms * (ROOM_BYTES + WAY_BYTES * len(devices))
    return max(found, 0)


def has_room(drafting: Drafting) -> bool:
    """Whether one more storey like those there are can be kept without another being put away."""
    largest = max((size for _, size in drafting.held.values()), default=0)
    own, all_of_them = drafting.nbytes, sum(each.nbytes for each in list(_counted))
    return own + largest <= MOST_OF_ONE_BYTES and all_of_them + largest <= MOST_OF_ALL_BYTES


def make_room(drafting: Drafting, key: Key, devices: tuple[Device, ...]) -> None:
    """Before a storey is worked out: put away what would have to go for it afterwards.

    While it is worked out it takes more, so that memory would be at its most just then.

    Parameters
    ----------
    drafting : Drafting
    key : tuple
        Treatments and place that it will be asked for; the place under other treatments stays, for links are carried
        over from there.
    devices : tuple of Device
    """
    same, new_bytes = {at for at in drafting.held if at[1] == key[1]}, storey_bytes(drafting, key, devices)
    _put_away(drafting, same, [drafting], MOST_OF_ONE_BYTES - new_bytes)
    _within_limits_of_all(drafting, same, new_bytes)
    give_back()


def put_old_away(drafting: Drafting, key: Key, devices: tuple[Device, ...] = ()) -> bool:
    """Put away what was in use longest ago until the rest is within the limits.

    Parameters
    ----------
    drafting : Drafting
        That has just been asked.
    key : tuple
        Treatments and place that it was asked for: these stay.
    devices : tuple of Device, optional
        The layout it was asked for. If nothing else can go, links of its blockers at the places they have left do.

    Returns
    -------
    bool
        Whether anything was put away.
    """
    put_away = _put_away(drafting, {key}, [drafting], MOST_OF_ONE_BYTES)
    if devices and drafting.nbytes > MOST_OF_ONE_BYTES:
        drafting.drop_moved(key, devices)
    put_away |= _within_limits_of_all(drafting, {key})
    if put_away:
        give_back()
    return put_away


def _within_limits_of_all(drafting: Drafting, stay: set[Key], new_bytes: int = 0) -> bool:
    """Put away of all sessions until there is room for so much more; whether anything was."""
    holders = list(_counted | {drafting})
    put_away = _put_away(drafting, stay, holders, MOST_OF_ALL_BYTES - new_bytes, time.monotonic() - AT_WORK_S)
    return put_away | _put_away(drafting, stay, holders, MOST_AT_WORK_BYTES - new_bytes)


def _put_away(
    in_hand: Drafting, stay: set[Key], holders: list[Drafting], most_bytes: int, before_s: float = math.inf
) -> bool:
    """Put away what was in use before a time, or whenever, until the rest is within a limit."""
    share = most_bytes / len(holders)
    tried: set[tuple[int, Key]] = set()
    while sum(each.nbytes for each in holders) > most_bytes:
        known = [
            (each.nbytes <= share, used_s, number, at)
            for number, each in enumerate(holders)
            for at, (used_s, _) in each.held.items()
            if (each is not in_hand or at not in stay)
            and (number, at) not in tried
            and (each is in_hand or used_s < before_s)
        ]
        if not known:
            break
        _, _, number, at = min(known, key=lambda one: one[:3])
        tried.add((number, at))
        holders[number].put_away(at, idle=holders[number] is not in_hand)
    return bool(tried)


def give_back() -> None:
    """Give freed memory back to the system, where malloc can be asked to."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # a libc that is not glibc
            ctypes.CDLL(None).malloc_trim(0)


def give_back_for_good() -> None:
    """Have a thread give back what was freed every second: what work takes for a moment does not add up."""

    def work() -> None:
        while True:
            time.sleep(GIVE_BACK_EVERY_S)
            give_back()

    threading.Thread(target=work, name="quietwing memory", daemon=True).start()


def few_arenas() -> None:
    """Before any thread: have threads share two heaps. With one each what they free stays in pieces."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)

"""What a verdict says of each room, sorted for people: its state, and the channels that still work there."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.decibel import floored
from quietwing.sites import opening_places

if TYPE_CHECKING:  # a list of results waits for no arrays
    from quietwing.coverage.results import Leakage, Verdict

__all__ = [
    "HOLE",
    "KEEP",
    "QUIET",
    "SILENT",
    "STATE_WORDS",
    "UNKNOWN",
    "Escape",
    "RoomCount",
    "ceiled",
    "count_rooms",
    "escapes_of",
    "percent",
    "rooms_by_channel",
    "state_of_rooms",
]

SILENT, QUIET, HOLE, UNKNOWN, KEEP = "silent", "quiet anyway", "hole", "not known", "keep"
STATE_WORDS = {  # what files hold, as people read it
    SILENT: "blocked",
    QUIET: "no signal even without blockers",
    HOLE: "not blocked (a phone may work)",
    UNKNOWN: "not known: counts as not blocked",
}
WINDOW_POINTS = ("window", "window-out")
_KEPT = "_escapes"


@dataclass(frozen=True, slots=True)
class RoomCount:
    """Rooms that must be silent, by state; the last four add up to the first."""

    silence: int
    silent: int
    quiet_anyway: int
    holes: int
    unknown: int

    @property
    def c95(self) -> float | None:
        """(Silent + quiet anyway) ÷ silence rooms, floored to 0.001; None without such rooms."""
        return floored((self.silent + self.quiet_anyway) / self.silence, 3) if self.silence else None


@dataclass(frozen=True, slots=True)
class Escape:
    """A channel that still works in a room.

    Attributes
    ----------
    room, channel : str
    usable_probability : float
        At some test point of the room, as computed.
    place : str
        Kind of the test point where it is likeliest.
    needs_db : float or None
        What blocking lacks at the room's worst point by the draft margin, ceiled to 1 dB; 0 where the median is
        silenced already, None where no finite power would do.
    remedy : str
        What could be put on the window, empty where nothing is left to put there.
    by_itself : bool
        Whether it works too often even alone; else the room is a hole for several channels together.
    """

    room: str
    channel: str
    usable_probability: float
    place: str
    needs_db: float | None
    remedy: str
    by_itself: bool = True


def ceiled(value: float, digits: int = 0) -> float:
    """A shortfall or spill rounded up, so that a print never asks for less than the number."""
    return -floored(-value, digits) + 0.0  # + 0.0: never −0


def percent(share: float) -> str:
    """A share floored to 0.1 %: 0.9996 prints as 99.9 %."""
    return f"{floored(100 * share):g} %"


def state_of_rooms(verdict: Verdict | Leakage, grade: int = 0) -> list[str]:
    """State of each room of ``verdict.grades[grade].by_room``; `KEEP` for those whose service must stay.

    A room that is not known (``by_room["unknown"]``, where given) is neither silent nor quiet.
    """
    rooms = verdict.grades[grade].by_room
    unknown = rooms["unknown"].values if "unknown" in rooms else np.zeros(rooms.sizes["room"], bool)
    found = []
    for role, silent, quiet, lost in zip(
        rooms["role"].values.tolist(),
        rooms["called_silent"].values.tolist(),
        rooms["quiet_anyway"].values.tolist(),
        unknown.tolist(),
        strict=True,
    ):
        if role != "silence":
            found.append(KEEP)
        elif lost:
            found.append(UNKNOWN)
        elif quiet:
            found.append(QUIET)
        else:
            found.append(SILENT if silent else HOLE)
    return found


def count_rooms(verdict: Verdict | Leakage, grade: int = 0) -> RoomCount:
    """Rooms that must be silent, by state at one of ``verdict.grades``; the first is the one asked for."""
    counted = Counter(state_of_rooms(verdict, grade))
    states = (counted[SILENT], counted[QUIET], counted[HOLE], counted[UNKNOWN])
    return RoomCount(sum(states), *states)


def escapes_of(verdict: Verdict) -> tuple[Escape, ...]:
    """Channels that still work in rooms neither silent nor quiet anyway (assumption A23), likeliest first by room.

    Of the grade asked for; kept with the verdict, for page, tables and terminal all ask.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    tuple of Escape
        In the order of rooms: channels with P(usable at some point) > 1 − q, else the likeliest one.
    """
    if _KEPT not in vars(verdict):
        vars(verdict)[_KEPT] = _escapes_of(verdict)
    escapes: tuple[Escape, ...] = vars(verdict)[_KEPT]
    return escapes


def _escapes_of(verdict: Verdict) -> tuple[Escape, ...]:
    doubt = 1.0 - verdict.scenario.asked.confidence
    channels = [str(name) for name in verdict.by_room["channel"].values]
    in_room = verdict.by_room["usable_probability"].transpose("channel", "room").values
    at_point = verdict.at_points["usable_probability"].transpose("channel", "point").values
    margin_db = verdict.at_points["margin_db"].transpose("channel", "point").values
    points_of = _points_of_rooms(verdict)
    remedies = _remedies(verdict)
    found = []
    for row, (name, state) in enumerate(
        zip(verdict.by_room["room"].values.tolist(), state_of_rooms(verdict), strict=True)
    ):
        if state not in (HOLE, UNKNOWN) or not channels:
            continue
        # a hair of rounding: 1 − 0.95 is a little above 0.05
        often = np.flatnonzero(in_room[:, row] > doubt + 1e-9)
        chosen = often if len(often) else np.array([int(in_room[:, row].argmax())])
        for column in sorted(chosen.tolist(), key=lambda index: (-in_room[index, row], channels[index])):
            points = points_of[name]
            best = points[np.lexsort((margin_db[column, points], -at_point[column, points]))[0]]
            place = verdict.points.kind[best]
            least_db = float(margin_db[column, points].min())
            found.append(
                Escape(
                    room=name,
                    channel=channels[column],
                    usable_probability=float(in_room[column, row]),
                    place=place,
                    needs_db=max(ceiled(-least_db), 0.0) if math.isfinite(least_db) else None,
                    remedy=remedies.get(name, "") if place in WINDOW_POINTS else "",
                    by_itself=bool(len(often)),
                )
            )
    return tuple(found)


def rooms_by_channel(escapes: tuple[Escape, ...]) -> list[tuple[str, int]]:
    """Channels that escape with the number of rooms, most first."""
    counted = Counter(escape.channel for escape in escapes)
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _points_of_rooms(verdict: Verdict) -> dict[str, NDArray[np.intp]]:
    """Test points of each room, by the room's id."""
    order = np.argsort(verdict.points.room, kind="stable")
    rooms, starts = np.unique(verdict.points.room[order], return_index=True)
    parts = np.split(order, starts[1:])
    return {verdict.site.rooms[room].id: part for room, part in zip(rooms.tolist(), parts, strict=True) if room >= 0}


def _remedies(verdict: Verdict) -> dict[str, str]:
    """What could still be put on a window of each room, by the room's id."""
    treated = {treatment.opening for treatment in verdict.treatments}
    bare: dict[str, set[str]] = defaultdict(set)
    for place in opening_places(verdict.site):
        opening = verdict.site.openings[place.opening]
        if opening.kind == "window" and place.outer and opening.id not in treated:
            bare[verdict.site.rooms[max(place.rooms)].id].add(opening.state)
    return {
        room: "film or mesh on the window" if states == {"sealed"} else "mesh on the window"
        for room, states in bare.items()
    }

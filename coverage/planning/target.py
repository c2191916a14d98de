"""What least cost is asked for: so many rooms, a share of them, rooms by name, or whole wings.

The model of a site has buildings, storeys and rooms, and no wing. So a wing is, whichever comes first: a building
by its id (``HB1``); a storey of it, 0 at the ground (``HB1/0``); or what ids of rooms begin with before the number
of their storey: ``A`` of ``A1-01`` and ``A3-landing``, ``HB1-A`` of ``HB1-A1-01``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.dims import ROOM
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.scenario import TARGETS, Scenario
from quietwing.sites import MOST_ALIKE, Findings, Room, Site, did_you_mean, near, problems_text, shown

__all__ = [
    "Target",
    "TargetOutcome",
    "TargetRoom",
    "check_target",
    "credit_of",
    "rooms_held",
    "share_of_rooms",
    "target_asked",
    "target_outcome",
]

FILE = "scenario"
_WING = re.compile(r"(.*[^\W\d_])\d+-.+")  # what stands before the last number that a hyphen follows
_DUST = 1e-9  # 0.1 of 30 rooms are 3, not 4


@dataclass(frozen=True, slots=True)
class Target:
    """What a plan of least cost must reach.

    Attributes
    ----------
    rooms : tuple of str
        Those that count, in the order of the site's.
    needed : int
        How many of them must hold.
    named : bool
        Whether these very rooms were asked for; all are needed then.
    quiet_counts : bool
        Whether a room that is quiet anyway holds. It does not where a number of rooms is asked for: a plan is to
        silence that many.
    """

    rooms: tuple[str, ...]
    needed: int
    named: bool
    quiet_counts: bool


@dataclass(frozen=True, slots=True)
class TargetRoom:
    """A room that was asked for by name.

    Attributes
    ----------
    room : str
    holds : bool
    quiet_anyway : bool
        It holds without any blocker.
    silent_probability : float
        Share of worlds in which no phone works there.
    """

    room: str
    holds: bool
    quiet_anyway: bool
    silent_probability: float


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """Whether what was asked for holds in the worlds of a verdict, at the grade asked for.

    Attributes
    ----------
    asked : Target
    held : int
        Rooms that hold, of those that count.
    met : bool
    rooms : tuple of TargetRoom
        Each room asked for by name; empty where a number or share was asked for.
    """

    asked: Target
    held: int
    met: bool
    rooms: tuple[TargetRoom, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Rooms asked for by name that do not hold, those nearest to it first."""
        open_rooms = [one for one in self.rooms if not one.holds]
        return tuple(one.room for one in sorted(open_rooms, key=lambda one: -one.silent_probability))


def target_asked(site: Site, scenario: Scenario) -> Target | None:
    """The target of a scenario, None where the most for a budget is asked for.

    Parameters
    ----------
    site : Site
    scenario : Scenario

    Returns
    -------
    Target or None

    Raises
    ------
    ScenarioError
        If it names what is not there.
    """
    if scenario.objective != "least_cost":
        return None
    findings = Findings()
    if scenario.target_named or scenario.target_wing:
        rooms = _meant(site, scenario, findings)
        if findings.problems:
            raise ScenarioError(problems_text(tuple(findings.problems)))
        return Target(rooms, len(rooms), named=True, quiet_counts=True)
    every = tuple(room.id for room in site.rooms if room.role == "silence")
    if scenario.target_share is not None:
        counted = tuple(room.id for room in site.rooms if _counts(room))
        needed = share_of_rooms(scenario.target_share, len(counted))
        return Target(counted, needed, named=False, quiet_counts=True)
    return Target(every, scenario.target_rooms or 0, named=False, quiet_counts=False)


def credit_of(site: Site, scenario: Scenario) -> NDArray[np.float64]:
    """What a plan is credited with for each room, quiet or not: its weight, or 1 for each that a target counts.

    Parameters
    ----------
    site : Site
    scenario : Scenario

    Returns
    -------
    float64 ndarray, shape (room,)
        0 for rooms that need not be silent, or are not of the target.
    """
    target = target_asked(site, scenario)
    if target is None:
        return np.array([room.weight if _counts(room) else 0.0 for room in site.rooms], float)
    wanted = set(target.rooms)
    return np.array([float(_counts(room) and room.id in wanted) for room in site.rooms], float)


def share_of_rooms(share: float, rooms: int) -> int:
    """How many rooms a share of them is, rounded up."""
    return math.ceil(share * rooms - _DUST)


def rooms_held(target: Target, by_room: xr.Dataset) -> int:
    """Rooms of a target that hold in what the Monte Carlo found."""
    return int(_holds(target, by_room).sum())


def target_outcome(target: Target, by_room: xr.Dataset) -> TargetOutcome:
    """A target held against what the Monte Carlo found.

    Parameters
    ----------
    target : Target
    by_room : Dataset
        Of a verdict, or of a judgement.

    Returns
    -------
    TargetOutcome
    """
    holds = _holds(target, by_room)
    held = int(holds.sum())
    rooms: tuple[TargetRoom, ...] = ()
    if target.named:
        names, wanted = by_room[ROOM].values.tolist(), set(target.rooms)
        quiet, share = by_room["quiet_anyway"].values, by_room["silent_probability"].values
        rooms = tuple(
            TargetRoom(name, bool(holds[at]), bool(quiet[at]), float(share[at]))
            for at, name in enumerate(names)
            if name in wanted
        )
    return TargetOutcome(target, held, held >= target.needed, rooms)


def _holds(target: Target, by_room: xr.Dataset) -> NDArray[np.bool_]:
    held = by_room["called_silent"].values
    if target.quiet_counts:
        held = held | by_room["quiet_anyway"].values
    return np.asarray(held & np.isin(by_room[ROOM].values, np.array(target.rooms, dtype=str)))


def check_target(site: Site, scenario: Scenario, findings: Findings) -> None:
    """What a scenario's target asks that cannot be.

    Parameters
    ----------
    site : Site
    scenario : Scenario
    findings : Findings
        Gets the problems.
    """
    given = [key for key in TARGETS if getattr(scenario, key) not in (None, ())]
    rooms = sum(room.role == "silence" for room in site.rooms)
    if scenario.objective == "most_protected":
        for key in given:
            findings.problem(
                FILE,
                key,
                f"is {_told(scenario, key)}, which objective most_protected does not use; "
                f"set objective to least_cost, or leave it out",
            )
    elif not given:
        findings.problem(
            FILE,
            TARGETS[0],
            f"is missing (objective least_cost needs it, 1 to {rooms}); say how many rooms to protect, or give "
            f"{', '.join(TARGETS[1:-1])} or {TARGETS[-1]}",
        )
    if len(given) > 1:
        findings.problem(
            FILE, given[1], f"is given beside {', '.join([given[0], *given[2:]])} (expected one target); keep one"
        )
    if rooms and scenario.target_rooms is not None and scenario.target_rooms > rooms:
        findings.problem(
            FILE,
            TARGETS[0],
            f"is {scenario.target_rooms}, but {rooms} rooms of the site have role silence; write {rooms} or less",
        )
    if rooms:
        _meant(site, scenario, findings)


def _told(scenario: Scenario, key: str) -> str:
    value = getattr(scenario, key)
    return ", ".join(shown(one) for one in value) if isinstance(value, tuple) else f"{value:g}"


def _counts(room: Room) -> bool:
    """Whether a plan gets credit for silencing a room."""
    return room.role == "silence" and room.weight > 0


def _meant(site: Site, scenario: Scenario, findings: Findings) -> tuple[str, ...]:
    """Rooms that names, patterns and wings mean, in the order of the site's."""
    found: set[str] = set()
    for name in scenario.target_named:
        if len(findings.problems) > MOST_ALIKE:
            break
        found |= _named(site, name, findings)
    for name in scenario.target_wing:
        if len(findings.problems) > MOST_ALIKE:
            break
        members = list(_of_wing(site, name))
        counted = {room.id for room in members if _counts(room)}
        if not members:
            findings.problem(
                FILE,
                "target_wing",
                f"{shown(name)} is no building, storey of one, or wing; {did_you_mean(name, _wings(site))}",
            )
        elif not counted:
            findings.problem(
                FILE,
                "target_wing",
                f"{shown(name)} has no room of role silence; name a wing that has, or leave it out",
            )
        found |= counted
    return tuple(room.id for room in site.rooms if room.id in found)


def _named(site: Site, name: str, findings: Findings) -> set[str]:
    """The room of that id, or those whose id matches the pattern."""
    key = "target_named"
    if name in site.room_index:
        room = site.rooms[site.room_index[name]]
        if room.role != "silence":
            findings.problem(FILE, key, f"room {shown(name)} has role {room.role} (expected silence); leave it out")
        elif not _counts(room):
            findings.problem(FILE, key, f"room {shown(name)} has weight 0, so no plan counts it; leave it out")
        return {name}
    matched = [room for room in site.rooms if fnmatchcase(room.id, name)]
    counted = {room.id for room in matched if _counts(room)}
    if not matched:
        known = [room.id for room in site.rooms if _counts(room)]
        close = near(name, known)
        advice = did_you_mean(name, known) if close or not known else f"rooms are named like {known[0]}"
        findings.problem(FILE, key, f"{shown(name)} matches no room; {advice}")
    elif not counted:
        findings.problem(
            FILE, key, f"{shown(name)} matches {len(matched)} rooms, none of role silence; name rooms of that role"
        )
    return counted


def _of_wing(site: Site, name: str) -> Iterator[Room]:
    """Every room of a wing, whatever its role."""
    if name in site.building_index:
        yield from (room for room in site.rooms if room.building == name)
        return
    building, slash, storey = name.rpartition("/")
    if slash:
        yield from (room for room in site.rooms if room.building == building and str(room.storey) == storey)
        return
    yield from (room for room in site.rooms if _wing_of(room) == name)


def _wing_of(room: Room) -> str:
    found = _WING.fullmatch(room.id)
    return found[1] if found else ""


def _wings(site: Site) -> list[str]:
    """What may be named as a wing, those with rooms that count, buildings first."""
    rooms = [room for room in site.rooms if _counts(room)]
    buildings = dict.fromkeys(room.building for room in rooms if room.building)
    parts = dict.fromkeys(wing for room in rooms if (wing := _wing_of(room)))
    storeys = dict.fromkeys(f"{room.building}/{room.storey}" for room in rooms if room.building)
    return list(dict.fromkeys([*buildings, *parts, *storeys]))

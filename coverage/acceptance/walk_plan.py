"""The walk test of a layout: where phones are tried inside and outside, on which networks, in which order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from quietwing.coverage.acceptance.statistics import points_needed
from quietwing.coverage.blocking import outside_points, silence_points
from quietwing.coverage.dims import CHANNEL, ROOM
from quietwing.coverage.errors import SiteError
from quietwing.coverage.results import Verdict
from quietwing.sites import PointSet, trial_points

__all__ = ["AcceptanceTest", "InsidePoint", "OutsidePoint", "acceptance_test"]

RECEPTOR = "receptor"


@dataclass(frozen=True, slots=True)
class InsidePoint:
    """One place inside: where, and which channel is tried first there."""

    number: int
    storey: str
    room: str
    spot: str
    x_m: float
    y_m: float
    height_m: float
    first_try: str


@dataclass(frozen=True, slots=True)
class OutsidePoint:
    """One place outside: `ring` is ``receptor`` where nothing may fail."""

    number: int
    ring: str
    name: str
    x_m: float
    y_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class AcceptanceTest:
    """A walk test to carry out.

    Attributes
    ----------
    site, marking, scenario_id : str
    share, confidence : float
        What it proves.
    failures : int
        Points that may fail.
    networks : tuple of str
        Operator and technology of every call attempt, those that are likeliest to work first.
    inside : tuple of InsidePoint
    outside : tuple of OutsidePoint
    seed : int
    """

    site: str
    marking: str
    scenario_id: str
    share: float
    confidence: float
    failures: int
    networks: tuple[str, ...]
    inside: tuple[InsidePoint, ...]
    outside: tuple[OutsidePoint, ...]
    seed: int


def acceptance_test(
    verdict: Verdict,
    *,
    share: float = 0.95,
    confidence: float = 0.95,
    failures: int = 0,
    seed: int = 1,
    claimed_only: bool = False,
) -> AcceptanceTest:
    """Draw the points of a walk test and put the likeliest failures first.

    Points are drawn by lot, storey by storey in proportion to their cells and within a storey cell by cell, so that
    they speak for all places of the cells.

    Parameters
    ----------
    verdict : Verdict
        Of the layout that was built.
    share, confidence : float
        What is to be proved of the places inside.
    failures : int
        Points that may fail.
    seed : int
        Another one draws other points.
    claimed_only : bool
        Only cells that the verdict calls silent or quiet; else all that must be silent.

    Returns
    -------
    AcceptanceTest

    Raises
    ------
    SiteError
        If no cell is left to test.
    """
    site = verdict.site
    rng = np.random.default_rng(seed)
    points = silence_points(site, trial_points(site))
    usable = verdict.by_room["usable_probability"].transpose(ROOM, CHANNEL).values
    row_of = {name: row for row, name in enumerate(verdict.by_room[ROOM].values.tolist())}
    claimed = verdict.by_room["called_silent"].values | verdict.by_room["quiet_anyway"].values
    rooms = [
        room
        for room in np.unique(points.room).tolist()
        if site.rooms[room].id in row_of and (not claimed_only or claimed[row_of[site.rooms[room].id]])
    ]
    if not rooms:
        raise SiteError(
            "rooms: no cell is left to test; correct the roles, or test all cells and not the blocked ones alone"
        )
    channels = verdict.by_room[CHANNEL].values.tolist()
    count = points_needed(share, confidence, failures)
    of_storey: dict[tuple[str, int], list[int]] = defaultdict(list)
    for room in rooms:
        of_storey[site.rooms[room].building or "", site.rooms[room].storey].append(room)
    inside = []
    for (building, storey), number in _shares(of_storey, count).items():
        words = "yard" if not building else site.buildings[site.building_index[building]].storey_in_words(storey)
        order: list[int] = []
        while len(order) < number:  # every cell once before any is tried twice
            order += rng.permutation(of_storey[building, storey]).tolist()
        for room in order[:number]:
            at = int(rng.choice(np.flatnonzero(points.room == room)))
            worst = channels[int(usable[row_of[site.rooms[room].id]].argmax())]
            inside.append((words, site.rooms[room].id, at, worst, float(usable[row_of[site.rooms[room].id]].max())))
    inside.sort(key=lambda one: -one[4])
    mean = usable.mean(axis=0)
    networks: dict[str, float] = {}
    for channel, chance in zip(channels, mean.tolist(), strict=True):
        operator, _, technology = channel.split("/")
        networks[f"{operator} {technology}"] = max(chance, networks.get(f"{operator} {technology}", 0.0))
    return AcceptanceTest(
        site=site.name,
        marking=site.marking,
        scenario_id=verdict.scenario_id,
        share=share,
        confidence=confidence,
        failures=failures,
        networks=tuple(sorted(networks, key=lambda name: (-networks[name], name))),
        inside=tuple(_inside(number, one, points) for number, one in enumerate(inside, 1)),
        outside=_outside(verdict, points_needed(share, confidence, failures), rng),
        seed=seed,
    )


def _shares(of_storey: dict[tuple[str, int], list[int]], count: int) -> dict[tuple[str, int], int]:
    """Points of each storey in proportion to its cells, the largest remainders rounded up; at least one each."""
    total = sum(map(len, of_storey.values()))
    exact = {storey: count * len(rooms) / total for storey, rooms in of_storey.items()}
    found = {storey: int(value) for storey, value in exact.items()}
    for storey in sorted(exact, key=lambda one: found[one] - exact[one])[: count - sum(found.values())]:
        found[storey] += 1
    return {storey: max(1, number) for storey, number in sorted(found.items())}


def _inside(number: int, drawn: tuple[str, str, int, str, float], points: PointSet) -> InsidePoint:
    words, room, at, worst, _ = drawn
    x_m, y_m, height_m = (round(float(value), 2) for value in points.xyz_m[at])
    return InsidePoint(number, words, room, points.kind[at], x_m, y_m, height_m, worst)


def _outside(verdict: Verdict, count: int, rng: np.random.Generator) -> tuple[OutsidePoint, ...]:
    """Every receptor at its lowest height, then points of the nearest ring drawn by lot."""
    site = verdict.site
    found = [
        (RECEPTOR, one.id, float(one.point.x), float(one.point.y), float(min(one.heights_m)))
        for one in site.receptors
    ]
    places = outside_points(site)
    rings = [name for name in places.ring if name != RECEPTOR]
    if rings:
        nearest = np.array([at for at, name in enumerate(places.ring) if name == rings[0]])
        for at in np.sort(rng.choice(nearest, min(count, len(nearest)), replace=False)).tolist():
            x_m, y_m, height_m = (float(value) for value in places.points.xyz_m[at])
            found.append((places.ring[at], places.name[at], x_m, y_m, height_m))
    return tuple(
        OutsidePoint(number, ring, name, round(x, 1), round(y, 1), round(height, 1))
        for number, (ring, name, x, y, height) in enumerate(found, 1)
    )

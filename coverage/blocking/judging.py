"""The door of this stage: who still has service in each room with a layout, and how sure that is."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, public_links
from quietwing.coverage.blocking.links_at_hand import LinksAtHand
from quietwing.coverage.blocking.montecarlo import Case, Tally, count_worlds, counted_dbm
from quietwing.coverage.blocking.rooms_in_parts import (
    MOST_LEVELS,
    count_in_parts,
    joined,
    levels_of_a_point,
    parts_of,
)
from quietwing.coverage.dims import CHANNEL, POINT, ROOM
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.results import GradeVerdict
from quietwing.coverage.rules import Grade
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet, Site

__all__ = [
    "Judgement",
    "RoomWorlds",
    "called_silent",
    "judge_rooms",
    "judged_without",
    "judgement_of",
    "quiet_anyway",
    "room_worlds",
    "rooms_together",
    "silence_points",
    "uncovered_routes",
]

LEVELS_PERCENT = (50, 80, 90, 95, 99)
LESS_DB = np.float32(1.0)  # no rounding lets a blocker count that was left out
TOGETHER_SHARE = 0.95  # assumption A24, whatever q
AtPoints = dict[str, NDArray[np.float32]]  # by name, shape (channel, point)
UNITS = {"margin_db": "dB", "rsrp_dbm": "dBm"}


@dataclass(frozen=True)
class Judgement:
    """The rooms' side of a verdict; fields as in `quietwing.coverage.results.Verdict`, without spill.

    `at_points` has margins and levels only where they were asked for.
    """

    points: PointSet
    at_points: xr.Dataset
    grades: tuple[GradeVerdict, ...]
    notes: tuple[str, ...]

    @property
    def by_room(self) -> xr.Dataset:
        """At the grade asked for."""
        return self.grades[0].by_room

    @property
    def silent(self) -> NDArray[np.bool_]:
        """At the grade asked for."""
        return self.grades[0].silent


def silence_points(site: Site, points: PointSet) -> PointSet:
    """The test points of the rooms that must be silent, in their order."""
    kept = np.array([site.rooms[room].role == "silence" for room in points.room.tolist()], bool)
    return points.some(np.flatnonzero(kept))


def judge_rooms(
    model: LinkModel,
    bare: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    bare_points: PointSet | None = None,
    stream: int = 0,
    quiet: Tally | None = None,
    progress: Callable[[float], None] | None = None,
    at_hand: LinksAtHand | None = None,
    by_point: bool = True,
) -> Judgement:
    """Judge every room over all worlds and at every grade, with and without the layout.

    Parameters
    ----------
    model : LinkModel
        The site with its treatments.
    bare : LinkModel
        The same without them: what is quiet there anyway is credited to nobody.
    scenario : Scenario
    devices : tuple of Device
    catalogue : mapping of str to Model
    points : PointSet
        Test points of silence rooms (`silence_points`).
    bare_points : PointSet, optional
        Those of the site without treatments, if a mesh keeps phones from being held out of a window.
    stream : int
        Another stream of worlds of the same seed.
    quiet : Tally, optional
        What `quiet_anyway` finds for `bare` and its points on this stream, if it is known already.
    progress : callable, optional
        Called with the share of the rooms that is done.
    at_hand : LinksAtHand, optional
        What devices send and what is the same of every layout of this site is taken from it, and kept there.
    by_point : bool, optional
        Whether draft margins and median levels of the points are wanted too.

    Returns
    -------
    Judgement

    Raises
    ------
    OutOfRangeError
        If a level was not computed.
    """
    found = room_worlds(
        model,
        bare,
        scenario,
        devices,
        catalogue,
        points,
        bare_points=bare_points,
        stream=stream,
        quiet=quiet,
        progress=progress,
        at_hand=at_hand,
        by_point=by_point,
    )
    return judgement_of(model, scenario, points, (found,))


def room_worlds(
    model: LinkModel,
    bare: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    bare_points: PointSet | None = None,
    stream: int = 0,
    quiet: Tally | None = None,
    progress: Callable[[float], None] | None = None,
    at_hand: LinksAtHand | None = None,
    by_point: bool = True,
) -> RoomWorlds:
    """What the worlds say of some rooms, which depends on no other room.

    Parameters
    ----------
    model, bare, scenario, devices, catalogue, points, bare_points, stream, quiet, progress, at_hand, by_point
        As for `judge_rooms`.

    Returns
    -------
    RoomWorlds
    """
    on = tuple(device for device in devices if device.state != "off")
    untreated = model is bare and (bare_points is None or bare_points is points)
    known = quiet if model is bare and not on else None
    cases = [Case(scenario.judged)]
    if quiet is None and untreated and on:  # the same public network: judged in one go with blockers and without
        cases.append(Case(scenario.judged, blocked=False))
    parts: list[_Part] = []
    done = 0
    at_hand = at_hand or LinksAtHand(0)
    for part in parts_of(points, 0 if known else levels_of_a_point(model, on), MOST_LEVELS):
        links = _links(model, scenario, on, catalogue, part, at_hand, drawn=known is None)
        tally = known or count_worlds(model, scenario, part, *links, stream=stream, cases=cases)
        parts.append(_Part(tally, _at_points(model, scenario, *links) if by_point else {}, links[0].notes))
        done += len(part)
        if progress:
            progress(done / max(len(points), 1))
    tally = joined([part.tally for part in parts])
    if quiet is None and untreated:
        quiet = tally.at(slice(-len(scenario.judged), None))
    elif quiet is None:
        at_bare = points if bare_points is None else bare_points
        quiet = quiet_anyway(bare, scenario, at_bare, stream=stream)
    return RoomWorlds(
        tally,
        quiet,
        _side_by_side([part.at_points for part in parts]),
        tuple(note for part in parts for note in part.notes),
    )


def judgement_of(model: LinkModel, scenario: Scenario, points: PointSet, blocks: Sequence[RoomWorlds]) -> Judgement:
    """The verdict on the rooms from what the worlds say of them, block by block.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    points : PointSet
        Of all blocks, in their order.
    blocks : sequence of RoomWorlds

    Returns
    -------
    Judgement
        The same however the rooms were cut.
    """
    tally, quiet = joined([block.tally for block in blocks]), joined([block.quiet for block in blocks])
    return Judgement(
        points=points,
        at_points=xr.Dataset(
            {
                "usable_probability": ((CHANNEL, POINT), tally.usable_at_points[0].T / scenario.worlds),
                **{
                    name: ((CHANNEL, POINT), values, {"units": UNITS[name]})
                    for name, values in _side_by_side([one.at_points for one in blocks]).items()
                },
            },
            coords={CHANNEL: list(model.channels)},
        ),
        grades=tuple(
            _at_grade(model, scenario, grade, number, tally, quiet) for number, grade in enumerate(scenario.judged)
        ),
        notes=tuple(sorted({note for one in blocks for note in one.notes})),
    )


@dataclass(frozen=True)
class RoomWorlds:
    """What the worlds say of some rooms.

    Attributes
    ----------
    tally, quiet : Tally
        With the layout, and with neither blockers nor treatments.
    at_points : dict of str to float32 ndarray, shape (channel, point)
        Draft margins `margin_db` and median levels `rsrp_dbm`, where they are wanted.
    notes : tuple of str
    """

    tally: Tally
    quiet: Tally
    at_points: AtPoints
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    """Some rooms judged: their worlds, and what is said of their points."""

    tally: Tally
    at_points: AtPoints
    notes: tuple[str, ...]


def _links(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    at_hand: LinksAtHand,
    *,
    drawn: bool,
) -> tuple[PublicLinks, BlockerLinks]:
    """What reaches some points of rooms, without what no world would count if worlds are `drawn` of it."""
    public, least_dbm = at_hand.of_site(public_links, model, points), None
    if drawn and all(catalogue[device.model].kind == "jammer" for device in devices):
        least_dbm = counted_dbm(model, scenario, public) - LESS_DB
    return public, blocker_links(model, devices, catalogue, points, least_dbm=least_dbm, at_hand=at_hand)


def _at_points(model: LinkModel, scenario: Scenario, public: PublicLinks, blockers: BlockerLinks) -> AtPoints:
    """Draft margins and median levels of some points."""
    return {
        "margin_db": draft_margin_db(model, scenario, public, blockers),
        "rsrp_dbm": _strongest_dbm(model, public.los_dbm, public.nlos_dbm),
    }


def _side_by_side(parts: Sequence[AtPoints]) -> AtPoints:
    """What is said of the points of each part, as of those of one."""
    return {name: np.hstack([part[name] for part in parts]) for name in (parts[0] if parts else ())}


def quiet_anyway(model: LinkModel, scenario: Scenario, points: PointSet, *, stream: int = 0) -> Tally:
    """The worlds without any blocker, to be given to `judge_rooms` for several layouts of one site.

    Parameters
    ----------
    model : LinkModel
        The site without treatments.
    scenario : Scenario
    points : PointSet
        Test points of its silence rooms.
    stream : int

    Returns
    -------
    Tally
    """
    return count_in_parts(model, scenario, (), {}, points, stream=stream, most_levels=MOST_LEVELS)


def judged_without(model: LinkModel, scenario: Scenario, points: PointSet) -> tuple[GradeVerdict, ...]:
    """The rooms that must be silent with every blocker off, at every grade.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    points : PointSet
        Test points of silence rooms (`silence_points`).

    Returns
    -------
    tuple of GradeVerdict
    """
    tally = quiet_anyway(model, scenario, points)
    return tuple(
        _at_grade(model, scenario, grade, number, tally, tally) for number, grade in enumerate(scenario.judged)
    )


def called_silent(
    silent_share: NDArray[np.float64], quiet_share: NDArray[np.float64], confidence: float
) -> NDArray[np.bool_]:
    """Rooms that a layout silences, those that are quiet anyway left out.

    Parameters
    ----------
    silent_share, quiet_share : ndarray, shape (room,)
        Share of worlds in which a room is silent, with what is judged and without it.
    confidence : float
        q of the grade.

    Returns
    -------
    bool ndarray, shape (room,)
    """
    return np.asarray((silent_share >= confidence) & (quiet_share < confidence))


def rooms_together(silent: NDArray[np.bool_]) -> int:
    """The largest K such that K or more of the rooms are silent together in at least 95 % of worlds.

    Parameters
    ----------
    silent : ndarray of bool, shape (room, world)

    Returns
    -------
    int
    """
    most_first = np.sort(silent.sum(axis=0))[::-1]
    return int(most_first[int(np.ceil(TOGETHER_SHARE * len(most_first))) - 1]) if len(most_first) else 0


@cache
def uncovered_routes() -> tuple[str, ...]:
    """Escapes that no cellular blocker addresses, in words."""
    text = resources.files("quietwing.coverage.blocking.tables").joinpath("uncovered_routes.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(f"{row['route']} ({row['why']})" for row in rows)


def _at_grade(
    model: LinkModel, scenario: Scenario, grade: Grade, number: int, tally: Tally, quiet: Tally
) -> GradeVerdict:
    """Probabilities and states of the rooms at one grade."""
    rooms = [model.scene.site.rooms[index] for index in tally.rooms.tolist()]
    silent = tally.silent[number]
    silent_probability, quiet_probability = silent.mean(axis=1), quiet.silent[number].mean(axis=1)
    quiet_anyway = quiet_probability >= grade.confidence
    by_room = xr.Dataset(
        {
            "usable_probability": ((CHANNEL, ROOM), tally.usable_in_rooms[number].T / scenario.worlds),
            "silent_probability": (ROOM, silent_probability),
            "quiet_probability": (ROOM, quiet_probability),
            "quiet_anyway": (ROOM, quiet_anyway),
            "called_silent": (ROOM, called_silent(silent_probability, quiet_probability, grade.confidence)),
        },
        coords={
            CHANNEL: list(model.channels),
            ROOM: [room.id for room in rooms],
            "role": (ROOM, [room.role for room in rooms]),
            "weight": (ROOM, [room.weight for room in rooms]),
        },
    )
    return GradeVerdict(
        grade=grade,
        by_room=by_room,
        silent=silent,
        silent_at={
            percent: int(np.count_nonzero(~quiet_anyway & (silent_probability >= percent / 100)))
            for percent in LEVELS_PERCENT
        },
        together=rooms_together(silent[~quiet_anyway]),
    )


def _strongest_dbm(
    model: LinkModel, los_dbm: NDArray[np.float32], nlos_dbm: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Median level of each channel's strongest sector in its likelier-to-leak state, shape (channel, point)."""
    rsrp_dbm = np.maximum(los_dbm, nlos_dbm)
    of_channel = model.carrier_channel[model.sector_carrier]
    return np.stack([rsrp_dbm[of_channel == channel].max(axis=0) for channel in range(len(model.channels))])

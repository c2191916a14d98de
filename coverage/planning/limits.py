"""What may not be exceeded: spill outside and in keep rooms, as sums of upper quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking import (
    LinkModel,
    OutsideLimit,
    OutsidePoints,
    Way,
    demanding_points,
    device_upper_db,
    keep_limit_dbm,
    links_of,
    outside_z,
    public_links,
    signal_lower_dbm,
    upper_against_db,
)
from quietwing.coverage.other_process import Asked, OtherProcess, last_first
from quietwing.coverage.other_process import Known as Told
from quietwing.coverage.planning.known_levels import AskedRows, Known
from quietwing.coverage.planning.levels import Alive, LimitBlock
from quietwing.coverage.planning.modes import meets_own_opening
from quietwing.coverage.planning.planning_links import PlanningLinks, WaysFrom
from quietwing.sites import PointSet, scattered, trial_points

__all__ = ["keep_limits", "look_ahead", "outside_limits", "outside_peaks"]

SPOTS_AT_A_TIME = 32  # looked at together: what is the same for all of them is worked out once
FEW_ROWS = 512  # of the limits outside, up to which all are in a model from the start
LOUD_PLACES = 12  # of each carrier and spot, where rows to begin with are looked for: found by trial
LEVELS_AT_A_TIME = 8_000_000  # of bases in all modes at places outside
Floats = NDArray[np.float64]
Levels = NDArray[np.float32]


def outside_limits(
    around: PlanningLinks,
    places: OutsidePoints,
    alive: Alive,
    known: Known | None = None,
    wanted: NDArray[np.bool_] | None = None,
    other: OtherProcess | None = None,
) -> Iterator[LimitBlock]:
    """Spill at every place outside that counts, and capture of phones there; some bases at a time.

    Parameters
    ----------
    around : PlanningLinks
    places : OutsidePoints
    alive : Alive
        The bases in question, read before each block.
    known : Known, optional
        Levels worked out before, and where to leave those of now.
    wanted : bool ndarray, shape (row,), optional
        The rows to give, of those that there are without it. Levels of spots that are not known yet are worked out at
        their places alone.
    other : OtherProcess, optional
        Works out a part of them; it was told the `PlanningLinks`.

    Yields
    ------
    LimitBlock
        All of them have the same rows.
    """
    if not len(around.bases):
        return
    held = Known(most_bytes=0) if known is None else known
    points, names, limit = held.limits_outside(around, places)
    if not len(points):
        return
    rows = np.flatnonzero(np.isfinite(limit.limit_dbm).ravel())
    asked = AskedRows(points, names, limit, _channels(around), rows if wanted is None else rows[wanted])
    whole = np.empty((len(around.modes.models), *limit.limit_dbm.shape), np.float32)
    every = _spots_of(around, alive.bases)
    groups = [every[first : first + SPOTS_AT_A_TIME] for first in range(0, len(every), SPOTS_AT_A_TIME)]
    unknown = [group[[spot not in held.spots for spot in group.tolist()]] for group in groups]
    if wanted is None:
        begun = _begun_ahead(asked, [UpperAt(new) for new in unknown if len(new)], other)
    else:
        begun = _begun_ahead(asked, [InRows(group) for group in groups if not _is_known(group, held)], other)

    def in_rows(spots: NDArray[np.intp], rows: NDArray[np.intp]) -> Levels:
        one = begun.pop(spots.tobytes(), None) if len(rows) == len(asked.row) else None
        return _in_rows(around, asked, spots, rows) if one is None else one.result()

    for group in reversed(groups):  # the last that were looked at are known best
        used = np.intersect1d(group, _spots_of(around, alive.bases))
        new = used[[spot not in held.spots for spot in used.tolist()]]
        path_db = np.empty((len(whole), len(used), len(asked.row)), np.float32)
        if len(new) and wanted is None:
            one = begun.pop(new.tobytes(), None)
            upper = _upper_at(around, asked, new) if one is None else one.result()
            for row, spot in enumerate(new.tolist()):
                held.keep(spot, upper[:, row])
            path_db[:, np.searchsorted(used, new)] = asked.of(upper)
        elif len(new):
            path_db[:, np.searchsorted(used, new)] = held.rows.of(new, asked.row, in_rows)
        for row, spot in enumerate(used.tolist()):
            if spot in held.spots and spot not in new:
                held.put(spot, whole)
                path_db[:, row] = asked.of(whole)
        for block in _blocks_of(around, alive, used, path_db, asked):
            yield replace(block, part="outside")


def outside_peaks(
    around: PlanningLinks,
    places: OutsidePoints,
    alive: Alive,
    known: Known,
    other: OtherProcess | None = None,
) -> Iterator[LimitBlock]:
    """As `outside_limits`, but of many rows only each base's largest on each carrier; these are remembered too.

    Looked for are they where a free field would come nearest to the limit, `LOUD_PLACES` for each carrier and spot:
    what a plan breaks elsewhere is found when it is looked at there.

    Parameters
    ----------
    around : PlanningLinks
    places : OutsidePoints
    alive : Alive
    known : Known
    other : OtherProcess, optional
        As for `outside_limits`.

    Yields
    ------
    LimitBlock
    """
    if not len(around.bases):
        return
    points, names, limit = known.limits_outside(around, places)
    rows = np.flatnonzero(np.isfinite(limit.limit_dbm).ravel())
    if len(rows) <= FEW_ROWS:
        yield from outside_limits(around, places, alive, known)
        return
    asked = AskedRows(points, names, limit, _channels(around), rows)
    new = np.array([base for base in alive.bases.tolist() if base not in known.peaks], np.int64)
    every = _spots_of(around, new)
    groups = [every[first : first + SPOTS_AT_A_TIME] for first in range(0, len(every), SPOTS_AT_A_TIME)]
    reached = around.ways.reached
    questions = [PeaksOf(spots, _bases_at(around, new, spots), reached) for spots in groups]
    for blocks, ways in last_first(questions, (around, replace(asked)), other):
        around.ways.keep(ways)
        for block in blocks:
            of_part = replace(block, name=asked.said, part="outside")
            known.remember(of_part)
            yield of_part
    old = [base for base in alive.bases.tolist() if base in known.peaks]
    if old:
        each = [known.peaks[base] for base in old]
        none = np.full_like(each[0].level_dbm, -np.inf), np.zeros(each[0].level_dbm.shape, np.int64)
        cells = [none if one.cell_over_db is None else (one.cell_over_db, one.cell_row_of) for one in each]
        yield replace(
            each[0],
            level_dbm=np.concatenate([block.level_dbm for block in each], axis=1),
            row_of=np.concatenate([block.row_of for block in each if block.row_of is not None], axis=1),
            cell_over_db=np.concatenate([cell_db for cell_db, _ in cells], axis=1),
            cell_row_of=np.concatenate([rows for _, rows in cells if rows is not None], axis=1),
            bases=np.array(old, np.int64),
        )


@dataclass(frozen=True)
class PeaksOf:
    """The largest rows of bases at some spots, as a question: `PlanningLinks` and `AskedRows` were told."""

    spots: NDArray[np.intp]
    bases: NDArray[np.int64]
    reached: NDArray[np.bool_]

    def answer(self, known: Told) -> tuple[tuple[LimitBlock, ...], WaysFrom]:
        """Blocks of them, whose rows have no names, and the ways that it took."""
        around, every = known(PlanningLinks), known(AskedRows)
        around.ways.reach(self.reached)
        loud = _loud_places(around.spot_m[self.spots], every.points.xyz_m, every.limit.limit_dbm)
        near = np.flatnonzero(np.isin(every.carrier_and_place[1], loud))
        asked = replace(every, row=every.row[near])
        path_db = _in_rows(around, asked, self.spots, asked.row)
        blocks = _blocks_of(around, Alive(self.bases), self.spots, path_db, asked)
        largest = tuple(replace(_largest_only(block, near), name=()) for block in blocks)
        return largest, around.ways.known(self.spots.tolist())


@dataclass(frozen=True)
class InRows:
    """`_in_rows` of some spots, as a question: `PlanningLinks` and the `AskedRows` were told."""

    spots: NDArray[np.intp]

    def answer(self, known: Told) -> Levels:
        """They are."""
        asked = known(AskedRows)
        return _in_rows(known(PlanningLinks), asked, self.spots, asked.row)


@dataclass(frozen=True)
class UpperAt:
    """`_upper_at` of some spots, as a question, likewise."""

    spots: NDArray[np.intp]

    def answer(self, known: Told) -> Levels:
        """They are."""
        return _upper_at(known(PlanningLinks), known(AskedRows), self.spots)


def _begun_ahead(
    asked: AskedRows, questions: Sequence[InRows | UpperAt], other: OtherProcess | None
) -> dict[bytes, Asked[Levels]]:
    """Questions that another process begins with, by their spots: wait for the last of them first."""
    if not questions or other is None:
        return {}
    other.tell(replace(asked))
    return {one.spots.tobytes(): other.ask(one) for one in questions}


def _is_known(spots: NDArray[np.intp], known: Known) -> bool:
    """Whether levels of any of some spots are."""
    return any(spot in known.spots or spot in known.rows.spots for spot in spots.tolist())


def _upper_at(around: PlanningLinks, asked: AskedRows, spots: NDArray[np.intp]) -> Levels:
    """`_upper_by_mode` at all places of the limits."""
    return _upper_by_mode(around, spots, asked.points, around.detours(spots, asked.points), asked.limit)


def _in_rows(
    around: PlanningLinks, every: AskedRows, spots: NDArray[np.intp], rows: NDArray[np.intp], z: float | None = None
) -> Levels:
    """As `_upper_by_mode`, in some rows, shape (mode, spot, row)."""
    carrier, place = replace(every, row=rows).carrier_and_place
    at, of_row = np.unique(place, return_inverse=True)
    points = every.points.some(at)
    upper = _upper_by_mode(around, spots, points, around.detours(spots, points), every.limit.at(at), z)
    return upper[:, :, carrier, of_row]


def _blocks_of(
    around: PlanningLinks, alive: Alive, used: NDArray[np.intp], path_db: Levels, asked: AskedRows
) -> Iterator[LimitBlock]:
    """Bases that stand at some spots in some rows, so many at a time as memory allows."""
    bases = _bases_at(around, alive.bases, used)
    each = max(1, LEVELS_AT_A_TIME // max(1, len(path_db) * len(asked.row)))
    for first in range(0, len(bases), each):
        yield _limit_block(around, bases[first : first + each], used, path_db, asked)


def _loud_places(spot_m: Floats, place_m: Floats, limit_dbm: Floats) -> NDArray[np.intp]:
    """Places at which a free field from some spots comes nearest to the limit, of each carrier and spot the first."""
    most = min(LOUD_PLACES, limit_dbm.shape[1])
    away_db = 20 * np.log10(np.maximum(np.linalg.norm(place_m[None] - spot_m[:, None], axis=-1), 1.0))
    found = [
        np.argpartition(of_carrier[None] + away_db, most - 1, axis=1)[:, :most]
        for of_carrier in limit_dbm
        if np.isfinite(of_carrier).any()
    ]
    return np.unique(np.concatenate(found))


def _channels(around: PlanningLinks) -> list[str]:
    """Channel of each carrier."""
    return [carrier.channel for carrier in around.plain.carriers]


def _largest_only(block: LimitBlock, of_row: NDArray[np.intp]) -> LimitBlock:
    """The largest rows of a block on each carrier, above their limits; `of_row` are their numbers in the part."""
    starts = np.flatnonzero(np.diff(block.carrier, prepend=-2))
    runs = list(zip(starts.tolist(), [*starts[1:].tolist(), len(block.carrier)], strict=True))

    def most(above_db: Levels) -> tuple[Levels, NDArray[np.int64]]:
        row_of = np.stack([first + above_db[first:end].argmax(axis=0) for first, end in runs])
        largest = np.take_along_axis(above_db, row_of, axis=0)
        return largest, of_row[row_of]

    level_db, row_of = most(block.level_dbm - block.limit_dbm[:, None, None].astype(np.float32))
    cell = (None, None) if block.cell_over_db is None else most(block.cell_over_db)
    return replace(
        block,
        carrier=block.carrier[starts],
        limit_dbm=np.zeros(len(starts)),
        level_dbm=level_db,
        row_of=row_of,
        cell_over_db=cell[0],
        cell_row_of=cell[1],
    )


def look_ahead(around: PlanningLinks, places: OutsidePoints, known: Known) -> None:
    """Say at which places all limits will be asked for, so that the ways from each spot are worked out once.

    Parameters
    ----------
    around : PlanningLinks
    places : OutsidePoints
    known : Known
    """
    around.ways.look_at(known.limits_outside(around, places)[0])
    around.ways.look_at(demanding_points(around.plain, trial_points(around.plain.scene.site)))


def keep_limits(
    around: PlanningLinks, chosen: Mapping[tuple[int, str], int], alive: Alive, known: Known
) -> Iterator[LimitBlock]:
    """Interference in keep rooms on the carriers chosen for them.

    Parameters
    ----------
    around : PlanningLinks
    chosen : mapping
        Carrier by room and operator, from `keep_choice`.
    alive : Alive
        The bases still in question.
    known : Known
        Levels worked out before, and where to leave those of now.

    Yields
    ------
    LimitBlock
    """
    site, plain = around.plain.scene.site, around.plain
    points = demanding_points(plain, trial_points(site))
    if not len(points) or not chosen or not len(alive.bases):
        return
    public = public_links(plain, points)
    z = float(ndtri(around.scenario.asked.confidence))
    limit_dbm = keep_limit_dbm(plain, around.scenario, public)
    held = np.full(limit_dbm.shape, np.inf)
    for (room, _), carrier in chosen.items():
        members = points.room == room
        held[carrier, members] = limit_dbm[carrier, members]
    names = [f"keep room {site.rooms[room].id}" for room in points.room.tolist()]
    lower_dbm = signal_lower_dbm(plain, public, z)
    limit = OutsideLimit(held, np.ones(held.shape, np.bool_), 0.0, lower_dbm, None)
    asked = AskedRows(points, names, limit, _channels(around), np.flatnonzero(np.isfinite(held).ravel()))
    every = _spots_of(around, alive.bases)
    for first in reversed(range(0, len(every), SPOTS_AT_A_TIME)):  # the last that were looked at are known best
        used = every[first : first + SPOTS_AT_A_TIME]
        path_db = known.kept.of(used, asked.row, partial(_in_rows, around, asked, z=z))
        for block in _blocks_of(around, alive, used, path_db, asked):
            yield replace(block, part="keep")


def _spots_of(around: PlanningLinks, bases: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where some bases are."""
    return np.unique([around.bases[base].spot for base in bases.tolist()]).astype(np.intp)


def _bases_at(around: PlanningLinks, bases: NDArray[np.int64], spots: NDArray[np.intp]) -> NDArray[np.int64]:
    """Those of some bases that are at some spots."""
    there = set(spots.tolist())
    return bases[[around.bases[base].spot in there for base in bases.tolist()]]


def _upper_by_mode(
    around: PlanningLinks,
    used: NDArray[np.intp],
    points: PointSet,
    detours: Way | None,
    limit: OutsideLimit,
    z: float | None = None,
) -> Levels:
    """Upper path gain of spots in each mode of their own room, shape (mode, spot, carrier, point). [dB]

    Detours count as if no window were treated: by which of them they go is not told apart.
    """
    plain, modes = around.plain, around.modes
    upper = np.repeat(_upper_db(around, plain, used, points, detours, limit, z)[None], len(modes.models), axis=0)
    for row, at in enumerate(used.tolist()) if len(modes.models) > 1 else ():
        spot = around.spots[at]
        if spot.room in modes.windows:
            # Only what leaves by the room's own window meets the treatment; by a neighbour's it may find none.
            through = np.flatnonzero(meets_own_opening(modes.floors, spot.room, around.spot_m[at], points.xyz_m))
            for mode, model in enumerate(modes.models[1:] if len(through) else (), 1):
                here = scattered(points.xyz_m[through])
                round_it = None if detours is None else detours.some(row, through)
                found = _upper_db(around, model, np.array([at]), here, round_it, limit.at(through), z)
                upper[mode, row][:, through] = found[0]
    return upper


def _limit_block(
    around: PlanningLinks, bases: NDArray[np.int64], used: NDArray[np.intp], path_db: Levels, asked: AskedRows
) -> LimitBlock:
    """Upper levels of some bases in each mode of their room, against limits of power and of capture."""
    limit = asked.limit
    of_base = np.array([around.bases[base].spot for base in bases.tolist()], np.intp)
    carrier, place = asked.carrier_and_place
    at, of_row = np.unique(place, return_inverse=True)
    pattern_db = np.array([around.pattern_db(base, asked.points.xyz_m[at]) for base in bases.tolist()], np.float32)
    pattern_db = pattern_db.reshape(len(of_base), len(at))
    offered, sent = around.sent[1][bases], around.sent[2][bases]
    path = path_db[:, np.searchsorted(used, of_base)] + pattern_db[:, of_row]
    level = (sent[:, carrier] + path).transpose(2, 1, 0)
    over = None
    if np.isfinite(offered).any():
        over = (offered[:, carrier] + path).transpose(2, 1, 0) - limit.capture_dbm[carrier, place][:, None, None]
    return LimitBlock(
        name=asked.said,
        carrier=carrier.astype(np.int64),
        limit_dbm=limit.limit_dbm[carrier, place],
        level_dbm=level.astype(np.float32),
        cell_over_db=None if over is None else over.astype(np.float32),
        slack=True,
        bases=bases,
    )


def _upper_db(
    around: PlanningLinks,
    model: LinkModel,
    spots: NDArray[np.intp],
    points: PointSet,
    detours: Way | None,
    limit: OutsideLimit,
    z: float | None,
) -> Levels:
    """Path gain that counts against the limits from each spot on each carrier, shape (spot, carrier, point). [dB]

    With `z` each spot counts by itself, that many standard deviations above its median; else against the signal.
    """
    gain_db, elements_db, straight = around.links(model, spots, points, outside=True)
    links = links_of(model, elements_db, straight, detours, outside=True)
    gain_db += elements_db - links.loss_db
    if z is None:
        spread_db, _ = upper_against_db(model, limit, links, outside_z(around.scenario))
    else:
        spread_db = device_upper_db(model, links, z)
    return gain_db[:, :, around.freqs].transpose(0, 2, 1) + spread_db.astype(np.float32)

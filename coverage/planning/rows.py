"""The planning model: which rows a room needs, what each candidate gives to them, and what it takes of each limit.

A row is a test point and carrier of a room in one of its modes. It holds when the shares of all that stands add up to
1, or when the cell of a managed-access node is ahead there and not jammed away. A room is protected when every row of
its mode holds. All numbers come from `levels`; nothing here knows a site.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.blocking import Needs
from quietwing.coverage.planning._row_kernels import hardest_rows, weakest_rows
from quietwing.coverage.planning.levels import Candidates, HeadEnds, RoomBlock

__all__ = [
    "TIGHTER",
    "Blocked",
    "PlanModel",
    "RoomRows",
    "missed_rows",
    "most_of_positions",
    "plan_model",
    "room_rows",
    "with_room_rows",
]

TIGHTER = 1e-5  # rows are tightened by this share, more than any solver's tolerance (assumption A56)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Blocked:
    """Why a room in a mode cannot be protected by all candidates together: carrier and point that miss most."""

    carrier: int
    point: int
    missing_db: float


@dataclass(frozen=True)
class RoomRows:
    """Rows of one room in one mode.

    Attributes
    ----------
    room, mode : int
    share : float64 ndarray, shape (row, near)
        Of what denies the row; the noise's share is taken off. Not clipped.
    serve_mw : float64 ndarray, shape (row, near)
        Power of all jammers up to which this node's cell captures; 0: it does not.
    jam_mw : float64 ndarray, shape (row, near)
        Power of a jammer at the phone.
    near : int64 ndarray, shape (near,)
        Candidates.
    origin : int64 ndarray, shape (row, 2)
        Carrier and point.
    blocked : Blocked or None
        Set where some row cannot hold whatever stands.
    """

    room: int
    mode: int
    share: Floats
    serve_mw: Floats
    jam_mw: Floats
    near: NDArray[np.int64]
    origin: NDArray[np.int64]
    blocked: Blocked | None


@dataclass(frozen=True)
class PlanModel:
    """All rows of all rooms, and all limits.

    Attributes
    ----------
    candidates : Candidates
    head_ends : HeadEnds
    weight : float64 ndarray, shape (room,)
        Credit for protecting a room; 0 where it is quiet anyway.
    mode_cost_pence : int64 ndarray, shape (room, mode)
        -1: the room has no such mode.
    possible : bool ndarray, shape (room, mode)
        Whether all candidates together could protect it.
    blocked : dict
        Why not, by (room, mode).
    row_room, row_mode : int64 ndarray, shape (row,)
    origin : int64 ndarray, shape (row, 2)
    share, serve_mw, jam_mw : csr_array, shape (row, candidate)
        As in `RoomRows`.
    limit : float64 ndarray, shape (limit, candidate)
        Share of each limit a candidate takes; the sum of those that stand is at most 1.
    limit_name : tuple of str
    forbidden : bool ndarray, shape (candidate,)
        Breaks a limit alone.
    conflicts : int64 ndarray, shape (pair, 2)
        Positions too near each other.
    """

    candidates: Candidates
    head_ends: HeadEnds
    weight: Floats
    mode_cost_pence: NDArray[np.int64]
    possible: NDArray[np.bool_]
    blocked: dict[tuple[int, int], Blocked]
    row_room: NDArray[np.int64]
    row_mode: NDArray[np.int64]
    origin: NDArray[np.int64]
    share: sparse.csr_array
    serve_mw: sparse.csr_array
    jam_mw: sparse.csr_array
    limit: Floats
    limit_name: tuple[str, ...]
    forbidden: NDArray[np.bool_]
    conflicts: NDArray[np.int64]

    @cached_property
    def by_candidate(self) -> tuple[sparse.csc_array, sparse.csc_array, sparse.csc_array]:
        """Clipped shares, cells and jamming power, column by column, as scores count them."""
        share, serve, jam = (sparse.csc_array(part) for part in (self.share, self.serve_mw, self.jam_mw))
        share.data = np.minimum(share.data * (1 - TIGHTER), 1.0)
        jam.data = jam.data * (1 + TIGHTER)
        return share, serve, jam


class _Needed(NamedTuple):
    """Rows of a block that do not hold by themselves: carrier, point, public level and the noise's share."""

    carrier: NDArray[np.int64]
    point: NDArray[np.int64]
    rsrp_dbm: Floats
    noise: Floats

    def some(self, rows: NDArray[np.intp]) -> _Needed:
        """Some of them."""
        return _Needed(self.carrier[rows], self.point[rows], self.rsrp_dbm[rows], self.noise[rows])


def _needed(block: RoomBlock, needs: Needs) -> _Needed:
    carriers, points = np.nonzero(needs.campable[:, None] & np.ones(block.rsrp_dbm.shape[1], bool))
    rsrp_dbm = block.rsrp_dbm[carriers, points]
    alone_db = block.alone_db[carriers, points]
    noise = 10 ** ((needs.noise[carriers] - alone_db - rsrp_dbm - needs.need[carriers]) / 10)
    alone = (needs.floor[carriers] - rsrp_dbm - alone_db >= 0) | (noise >= 1)
    return _Needed(carriers, points, rsrp_dbm, noise).some(np.flatnonzero(~alone))


def _values(
    block: RoomBlock, needs: Needs, candidates: Candidates, near: NDArray[np.int64], needed: _Needed
) -> tuple[Floats, Floats, Floats]:
    """Share, serving and jamming power of some candidates in some rows, shape (row, near) each."""
    carriers, points, rsrp_dbm, noise = needed
    of_base = np.searchsorted(block.bases, candidates.base[near])
    trim_db = candidates.trim_db[near][:, carriers]
    level_dbm = block.level_dbm[of_base][:, carriers, points] + trim_db
    against_db = block.against_db[of_base][:, carriers, points]
    share = 10 ** ((level_dbm - against_db - rsrp_dbm - needs.need[carriers]) / 10) / (1 - noise)
    nodes = candidates.is_mas[near]
    if not nodes.any():
        return share.T, np.zeros_like(share).T, np.zeros_like(share).T
    mas_dbm = block.mas_dbm[of_base][:, carriers, points] + trim_db
    served_mw = 10 ** ((mas_dbm - needs.mas_gamma[carriers]) / 10) - 10 ** (needs.mas_noise[carriers] / 10.0)
    ahead = (mas_dbm - against_db - rsrp_dbm - needs.capture[carriers] >= 0) & (mas_dbm >= needs.mas_floor[carriers])
    serve_mw = np.where(ahead, np.maximum(served_mw, 0.0), 0.0)
    jam_mw = np.where(nodes[:, None], 0.0, 10 ** (level_dbm / 10))
    return share.T, serve_mw.T, jam_mw.T


def room_rows(
    block: RoomBlock,
    needs: Needs,
    candidates: Candidates,
    *,
    least_share: float = 0.0,
    at_most: int | None = None,
) -> RoomRows:
    """Rows of a room in one mode, without those that hold by themselves and those another row implies.

    Parameters
    ----------
    block : RoomBlock
    needs : Needs
    candidates : Candidates
    least_share : float
        Smaller shares count as nothing; a safe simplification for denial.
    at_most : int, optional
        Of more rows only the weakest: `missed_rows` finds those of the others that a plan breaks.

    Returns
    -------
    RoomRows
    """
    near = _near(block, candidates)
    needed = _needed(block, needs)
    if not candidates.is_mas[near].any():
        used = np.unique(np.searchsorted(block.bases, candidates.base[near]))
        wanted_db = needed.rsrp_dbm + needs.need[needed.carrier] + 10 * np.log10(1 - needed.noise)
        apart_db = block.level_dbm[used] - block.against_db[used]
        pair = needed.carrier * apart_db.shape[2] + needed.point
        reached_db = apart_db.reshape(len(used), math.prod(apart_db.shape[1:])).take(pair, axis=1) - wanted_db
        needed = needed.some(_hardest(reached_db.T, _alike(candidates, near)[needed.carrier]))
    share, serve_mw, jam_mw = _values(block, needs, candidates, near, needed)
    kept = (share >= least_share).any(axis=0) | (serve_mw > 0).any(axis=0)
    near, share, serve_mw, jam_mw = near[kept], share[:, kept], serve_mw[:, kept], jam_mw[:, kept]
    share = np.where(share >= least_share, share, 0.0)
    origin = np.stack([needed.carrier, needed.point], axis=1)
    blocked = _blocked(share, serve_mw, candidates.position[near], origin)
    if blocked is not None:
        nothing = np.empty((0, 0))
        return RoomRows(block.room, block.mode, nothing, nothing, nothing, near[:0], origin[:0], blocked)
    rows = _binding(share, serve_mw, jam_mw)
    if at_most is not None and len(rows) > at_most:
        ease = np.where(serve_mw[rows] > 0, 1.0, np.minimum(share[rows], 1.0))
        rows = rows[weakest_rows(np.ascontiguousarray(ease), at_most)]
    return RoomRows(block.room, block.mode, share[rows], serve_mw[rows], jam_mw[rows], near, origin[rows], None)


def _alike(candidates: Candidates, near: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each carrier, the same for those on which each of some candidates has one trim."""
    trims = candidates.trim_db[near].T + 0.0  # -0 dB is 0 dB
    number: dict[bytes, int] = {}
    return np.array([number.setdefault(one.tobytes(), len(number)) for one in trims], np.int64)


def missed_rows(
    block: RoomBlock,
    needs: Needs,
    candidates: Candidates,
    chosen: NDArray[np.int64],
    *,
    least_share: float = 0.0,
    at_most: int = 1,
) -> RoomRows | None:
    """Rows that do not hold with some candidates on, the hardest few of them; None where all hold.

    Parameters
    ----------
    block : RoomBlock
    needs : Needs
    candidates : Candidates
    chosen : int64 ndarray
        Those that stand.
    least_share : float
        As in `room_rows`.
    at_most : int

    Returns
    -------
    RoomRows or None
    """
    needed, near = _needed(block, needs), _near(block, candidates)
    standing = near[np.isin(near, chosen)]
    share, serve_mw, jam_mw = _values(block, needs, candidates, standing, needed)
    total = np.minimum(np.where(share >= least_share, share, 0.0) * (1 - TIGHTER), 1.0).sum(axis=1)
    best_mw = serve_mw.max(axis=1, initial=0.0)
    captured = (best_mw > 0) & (jam_mw.sum(axis=1) * (1 + TIGHTER) <= best_mw)
    missed = np.flatnonzero((total < 1 - 1e-9) & ~captured)
    if not len(missed):
        return None
    needed = needed.some(missed[np.argsort(total[missed], kind="stable")[:at_most]])
    share, serve_mw, jam_mw = _values(block, needs, candidates, near, needed)
    origin = np.stack([needed.carrier, needed.point], axis=1)
    share = np.where(share >= least_share, share, 0.0)
    return RoomRows(block.room, block.mode, share, serve_mw, jam_mw, near, origin, None)


def _near(block: RoomBlock, candidates: Candidates) -> NDArray[np.int64]:
    """Candidates with a base that matters here; those of the room itself only in this mode."""
    own = (candidates.room == block.room) & (candidates.mode != block.mode)
    return np.flatnonzero(np.isin(candidates.base, block.bases) & ~own)


def most_of_positions(values: Floats, position: NDArray[np.int64]) -> Floats:
    """Largest value of each position's candidates, shape (row, position)."""
    if not values.shape[1]:
        return np.zeros((len(values), 0))
    order = np.argsort(position, kind="stable")
    starts = np.flatnonzero(np.diff(position[order], prepend=-1))
    return np.maximum.reduceat(values[:, order], starts, axis=1)


def _blocked(
    share: Floats, serve_mw: Floats, position: NDArray[np.int64], origin: NDArray[np.int64]
) -> Blocked | None:
    """The row that misses most with everything on, if any does."""
    if not len(share):
        return None
    most = most_of_positions(share, position).sum(axis=1)
    most[(serve_mw > 0).any(axis=1)] = np.inf
    worst = int(most.argmin())
    if most[worst] >= 1 + TIGHTER:
        return None
    missing_db = float(-10 * np.log10(most[worst])) if most[worst] > 0 else float("inf")
    return Blocked(int(origin[worst, 0]), int(origin[worst, 1]), missing_db)


def _binding(share: Floats, serve_mw: Floats, jam_mw: Floats) -> NDArray[np.intp]:
    """Rows that no other row implies: one row implies another where it is no easier in any way."""
    clipped = np.minimum(share, 1.0)
    if not serve_mw.any():
        return _hardest(clipped, np.zeros(len(clipped), np.int64))
    kept: list[int] = []
    for row in np.argsort(clipped.sum(axis=1), kind="stable").tolist():  # hardest first
        held = np.array(kept, np.intp)
        harder = held[(clipped[held] <= clipped[row]).all(axis=1)]
        if not _capture_too(jam_mw[harder], serve_mw[harder], jam_mw[row], serve_mw[row]).any():
            kept.append(row)
    return np.sort(np.array(kept, np.intp))


def _hardest(values: Floats, group: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows that no other of their group is below everywhere; of equals the first."""
    values = np.ascontiguousarray(values, float)
    return np.flatnonzero(hardest_rows(values, group, np.argsort(values.sum(axis=1), kind="stable")))


def _capture_too(held_jam: Floats, held_serve: Floats, jam: Floats, serve: Floats) -> NDArray[np.bool_]:
    """Of each held row, whether each cell that captures there captures here, and is jammed away no sooner."""
    serves, louder = held_serve > 0, jam > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        worst = (jam[louder] / held_jam[:, louder]).max(axis=1, initial=0.0)
        least = np.where(serves, serve / held_serve, np.inf).min(axis=1, initial=np.inf)
    alike = ((serve > 0) | ~serves).all(axis=1)
    return np.asarray(~serves.any(axis=1) | (alike & (worst <= least)))


def plan_model(
    rooms: Sequence[RoomRows],
    limits: tuple[Floats, tuple[str, ...], NDArray[np.bool_]],
    candidates: Candidates,
    head_ends: HeadEnds,
    weight: Floats,
    mode_cost_pence: NDArray[np.int64],
    conflicts: NDArray[np.int64] | None = None,
) -> PlanModel:
    """Put rooms and limits together.

    Parameters
    ----------
    rooms : sequence of RoomRows
        One per room and mode that it has.
    limits : tuple
        From `LimitRows.with_slack`.
    candidates : Candidates
    head_ends : HeadEnds
    weight : float64 ndarray, shape (room,)
        Of every room; those that are silent untreated with nothing on are credited to nobody.
    mode_cost_pence : int64 ndarray, shape (room, mode)
    conflicts : int64 ndarray, shape (pair, 2), optional

    Returns
    -------
    PlanModel
    """
    possible = np.zeros(mode_cost_pence.shape, bool)
    credited = weight.astype(float).copy()
    blocked = {}
    for rows in rooms:
        if rows.blocked is None:
            possible[rows.room, rows.mode] = True
            if rows.mode == 0 and not len(rows.share):
                credited[rows.room] = 0.0
        else:
            blocked[rows.room, rows.mode] = rows.blocked
    share, serve, jam = (_stacked(rooms, name, len(candidates)) for name in ("share", "serve_mw", "jam_mw"))
    count = [len(rows.share) for rows in rooms]
    limit, limit_name, forbidden = limits
    return PlanModel(
        candidates=candidates,
        head_ends=head_ends,
        weight=credited,
        mode_cost_pence=mode_cost_pence,
        possible=possible & (mode_cost_pence >= 0),
        blocked=blocked,
        row_room=np.repeat([rows.room for rows in rooms], count).astype(np.int64),
        row_mode=np.repeat([rows.mode for rows in rooms], count).astype(np.int64),
        origin=np.concatenate([rows.origin.reshape(-1, 2) for rows in rooms] or [np.empty((0, 2), np.int64)]),
        share=share,
        serve_mw=serve,
        jam_mw=jam,
        limit=limit,
        limit_name=limit_name,
        forbidden=forbidden,
        conflicts=np.empty((0, 2), np.int64) if conflicts is None else conflicts,
    )


def with_room_rows(model: PlanModel, rooms: Sequence[RoomRows]) -> PlanModel:
    """With further rows of some rooms."""
    count = [len(rows.share) for rows in rooms]
    stacked = {
        name: sparse.csr_array(sparse.vstack([getattr(model, name), _stacked(rooms, name, len(model.candidates))]))
        for name in ("share", "serve_mw", "jam_mw")
    }
    return replace(
        model,
        row_room=np.concatenate([model.row_room, np.repeat([rows.room for rows in rooms], count)]),
        row_mode=np.concatenate([model.row_mode, np.repeat([rows.mode for rows in rooms], count)]),
        origin=np.concatenate([model.origin, *(rows.origin for rows in rooms)]),
        **stacked,
    )


def _stacked(rooms: Sequence[RoomRows], name: str, width: int) -> sparse.csr_array:
    """One matrix over all rooms' rows and all candidates."""
    data, columns, lengths = [], [], [np.zeros(1, np.int64)]
    for rows in rooms:
        values = getattr(rows, name)
        at, column = np.nonzero(values)
        data.append(values[at, column])
        columns.append(rows.near[column].astype(np.int32))
        lengths.append(np.bincount(at, minlength=len(values)))
    starts = np.cumsum(np.concatenate(lengths)).astype(np.int32)
    empty = [np.empty(0)]
    return sparse.csr_array(
        (np.concatenate(data or empty), np.concatenate(columns or [np.empty(0, np.int32)]), starts),
        shape=(len(starts) - 1, width),
    )

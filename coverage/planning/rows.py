"""The planning model: which rows a room needs, what each candidate gives to them, and what it takes of each limit.

A row is a test point and carrier of a room in one of its modes. It holds when the shares of all that stands add up to
1, or when the cell of a managed-access node is ahead there and not jammed away. A room is protected when every row of
its mode holds. All numbers come from `levels`; nothing here knows a site.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.blocking.montecarlo import Needs
from quietwing.coverage.planning.levels import Alive, Candidates, HeadEnds, LimitBlock, RoomBlock

__all__ = ["TIGHTER", "Blocked", "LimitRows", "PlanModel", "RoomRows", "limit_rows", "plan_model", "room_rows"]

TIGHTER = 1e-5  # rows are tightened by this share, more than any solver's tolerance (reliability.md N71)
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


def room_rows(block: RoomBlock, needs: Needs, candidates: Candidates, *, least_share: float = 0.0) -> RoomRows:
    """Rows of a room in one mode, without those that hold by themselves and those another row implies.

    Parameters
    ----------
    block : RoomBlock
    needs : Needs
    candidates : Candidates
    least_share : float
        Candidates below this share of every row are left out; a safe simplification for denial.

    Returns
    -------
    RoomRows
    """
    near = _near(block, candidates)
    carriers, points = np.nonzero(needs.campable[:, None] & np.ones(block.signal_dbm.shape[1], bool))
    heard_dbm = block.signal_dbm[carriers, points] + needs.boost[carriers]
    alone_db = block.alone_db[carriers, points]
    noise = 10 ** ((needs.noise[carriers] - alone_db - heard_dbm - needs.need[carriers]) / 10)
    alone = (needs.floor[carriers] - heard_dbm - alone_db >= 0) | (noise >= 1)
    carriers, points, heard_dbm, noise = carriers[~alone], points[~alone], heard_dbm[~alone], noise[~alone]
    of_base = np.searchsorted(block.bases, candidates.base[near])
    trim_db = candidates.trim_db[near][:, carriers]
    level_dbm = block.level_dbm[of_base][:, carriers, points] + trim_db
    cell_dbm = block.cell_dbm[of_base][:, carriers, points] + trim_db
    against_db = block.against_db[of_base][:, carriers, points]
    share = 10 ** ((level_dbm - against_db - heard_dbm - needs.need[carriers]) / 10) / (1 - noise)
    served_mw = 10 ** ((cell_dbm - needs.mas_gamma[carriers]) / 10) - 10 ** (needs.mas_noise[carriers] / 10.0)
    ahead = (cell_dbm - against_db - heard_dbm - needs.capture[carriers] >= 0) & (
        cell_dbm >= needs.mas_floor[carriers]
    )
    serve_mw = np.where(ahead, np.maximum(served_mw, 0.0), 0.0)
    jam_mw = np.where(candidates.is_mas[near][:, None], 0.0, 10 ** (level_dbm / 10))
    if least_share:
        kept = (share >= least_share).any(axis=1) | (serve_mw > 0).any(axis=1)
        near, share, serve_mw, jam_mw = near[kept], share[kept], serve_mw[kept], jam_mw[kept]
    share, serve_mw, jam_mw = share.T, serve_mw.T, jam_mw.T
    origin = np.stack([carriers, points], axis=1)
    blocked = _blocked(share, serve_mw, candidates.position[near], origin)
    if blocked is not None:
        nothing = np.empty((0, 0))
        return RoomRows(block.room, block.mode, nothing, nothing, nothing, near[:0], origin[:0], blocked)
    rows = _binding(share, serve_mw, jam_mw)
    return RoomRows(block.room, block.mode, share[rows], serve_mw[rows], jam_mw[rows], near, origin[rows], None)


def _near(block: RoomBlock, candidates: Candidates) -> NDArray[np.int64]:
    """Candidates with a base that matters here; those of the room itself only in this mode."""
    own = (candidates.room == block.room) & (candidates.mode != block.mode)
    return np.flatnonzero(np.isin(candidates.base, block.bases) & ~own)


def _most_of_positions(values: Floats, position: NDArray[np.int64]) -> Floats:
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
    most = _most_of_positions(share, position).sum(axis=1)
    most[(serve_mw > 0).any(axis=1)] = np.inf
    worst = int(most.argmin())
    if most[worst] >= 1 + TIGHTER:
        return None
    missing_db = float(-10 * np.log10(most[worst])) if most[worst] > 0 else float("inf")
    return Blocked(int(origin[worst, 0]), int(origin[worst, 1]), missing_db)


def _binding(share: Floats, serve_mw: Floats, jam_mw: Floats) -> NDArray[np.intp]:
    """Rows that no other row implies: one row implies another where it is no easier in any way."""
    clipped = np.minimum(share, 1.0)
    kept: list[int] = []
    for row in np.argsort(clipped.sum(axis=1), kind="stable").tolist():  # hardest first
        held = np.array(kept, np.intp)
        harder = held[(clipped[held] <= clipped[row]).all(axis=1)]
        if not any(_captures_too(jam_mw[at], serve_mw[at], jam_mw[row], serve_mw[row]) for at in harder.tolist()):
            kept.append(row)
    return np.sort(np.array(kept, np.intp))


def _captures_too(held_jam: Floats, held_serve: Floats, jam: Floats, serve: Floats) -> bool:
    """Whether each cell that captures in the held row captures here, and is jammed away no sooner."""
    serves = held_serve > 0
    if not serves.any():
        return True
    if not (serve[serves] > 0).all():
        return False
    louder = jam > 0
    with np.errstate(divide="ignore"):
        worst = float((jam[louder] / held_jam[louder]).max(initial=0.0))
    return worst <= float((serve[serves] / held_serve[serves]).min())


@dataclass(frozen=True)
class LimitRows:
    """Shares of all limits that may bind.

    Attributes
    ----------
    share : float64 ndarray, shape (limit, candidate)
        With no slack; 0 for candidates that break a limit alone with the most slack.
    name : tuple of str
    slacked : bool ndarray, shape (limit,)
        Limits that slack applies to.
    forbidden : bool ndarray, shape (candidate,)
        Breaks a limit alone, or captures phones outside.
    reason : dict of int to str
        Limit that a forbidden candidate breaks first.
    """

    share: Floats
    name: tuple[str, ...]
    slacked: NDArray[np.bool_]
    forbidden: NDArray[np.bool_]
    reason: dict[int, str]

    def with_slack(self, slack_db: float) -> tuple[Floats, tuple[str, ...], NDArray[np.bool_]]:
        """Shares, names and forbidden candidates with limits that much higher."""
        share = np.where(self.slacked[:, None], self.share * 10 ** (-slack_db / 10), self.share)
        forbidden = self.forbidden | (share > 1 - TIGHTER).any(axis=0)
        return share, self.name, forbidden


def limit_rows(
    blocks: Iterable[LimitBlock],
    candidates: Candidates,
    *,
    most_slack_db: float = 0.0,
    least_slack_db: float = 0.0,
    alive_bases: Alive | None = None,
) -> LimitRows:
    """Share of each limit a candidate takes, without rows that cannot bind or that another implies.

    Parameters
    ----------
    blocks : iterable of LimitBlock
    candidates : Candidates
    most_slack_db, least_slack_db : float
        Range of what will be asked of `LimitRows.with_slack`.
    alive_bases : Alive, optional
        Told after each block, so that the next need not hold bases that are out.

    Returns
    -------
    LimitRows
    """
    found: list[tuple[NDArray[np.int64], Floats]] = []  # shares of the candidates that were left then
    names: list[str] = []
    slacked: list[bool] = []
    forbidden = np.zeros(len(candidates), bool)
    reason: dict[int, str] = {}
    for block in blocks:
        if not block.name:
            continue
        # What is out already takes no part: on a real site that is most candidates after the first places.
        alive = np.flatnonzero(~forbidden)
        slack_db = most_slack_db if block.slack else 0.0
        base, mode = candidates.base[alive], candidates.mode[alive]
        if block.bases is not None:
            base = np.searchsorted(block.bases, base)
        trim_db = np.where(block.carrier[:, None] >= 0, candidates.trim_db[alive][:, block.carrier].T, 0.0)
        if block.stray_db is not None:
            trim_db = np.maximum(trim_db, candidates.trim_db[alive].max(axis=1) - block.stray_db[:, base])
        over_db = block.level_dbm[:, base, mode] + trim_db - block.limit_dbm[:, None]
        breaks = over_db - slack_db > 10 * np.log10(1 - TIGHTER)
        if block.cell_over_db is not None:
            captured_db = block.cell_over_db[:, base, mode] + trim_db
            breaks |= captured_db - slack_db >= 0
            standing = candidates.existing[alive] & (not block.screen)
            for at, row, over in _captures_that_stand(np.asarray(captured_db, float), standing):
                found.append((alive, np.where(np.arange(len(alive)) == at, over, 0.0)[None, :]))
                names.append(block.name[row])
                slacked.append(block.slack)
        out = breaks.any(axis=0) & ~candidates.existing[alive]
        for at, row in zip(alive[out].tolist(), breaks[:, out].argmax(axis=0).tolist(), strict=True):
            reason[at] = block.name[row]
        forbidden[alive[out]] = True
        if alive_bases is not None:
            alive_bases.bases = np.unique(candidates.base[~forbidden])
        if block.screen:
            continue
        left = alive[~out]
        part = 10 ** (over_db[:, ~out] / 10)
        least = 10 ** (-(least_slack_db if block.slack else 0.0) / 10)
        binding = _most_of_positions(part, candidates.position[left]).sum(axis=1) * least > 1 - TIGHTER
        found.append((left, part[binding]))
        names.extend(name for name, kept in zip(block.name, binding.tolist(), strict=True) if kept)
        slacked.extend([block.slack] * int(binding.sum()))
    alive = np.flatnonzero(~forbidden)
    parts = [part[:, np.searchsorted(left, alive)] for left, part in found]
    part = np.concatenate(parts) if parts else np.zeros((0, len(alive)))
    rows = _largest(part)
    share = np.zeros((len(rows), len(candidates)))
    share[:, alive] = part[rows]
    return LimitRows(
        share, tuple(names[row] for row in rows.tolist()), np.array(slacked, bool)[rows], forbidden, reason
    )


def _captures_that_stand(captured_db: Floats, existing: NDArray[np.bool_]) -> Iterator[tuple[int, int, float]]:
    """Each existing node that captures phones outside, where it does so most, as a share above 1 of a limit."""
    for at in np.flatnonzero(existing).tolist():
        row = int(captured_db[:, at].argmax())
        if captured_db[row, at] >= 0:
            yield at, row, float(10 ** (captured_db[row, at] / 10))


def _largest(share: Floats, look_back: int = 64) -> NDArray[np.intp]:
    """Rows that no other is at least as large as everywhere; only the largest few are compared with."""
    if not share.size:
        return np.arange(min(len(share), 1))
    order = np.argsort(-share.sum(axis=1), kind="stable")
    peak = share.argmax(axis=1)
    kept: list[int] = []
    for row in order.tolist():
        first = np.array(kept[:look_back], np.intp)
        higher = first[share[first, peak[row]] >= share[row, peak[row]]]  # no other can be as large everywhere
        if not any((share[other] >= share[row]).all() for other in higher.tolist()):
            kept.append(row)
    return np.sort(np.array(kept, np.intp))


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


def _stacked(rooms: Sequence[RoomRows], name: str, width: int) -> sparse.csr_array:
    """One matrix over all rooms' rows and all candidates."""
    data, columns, lengths = [], [], [np.zeros(1, np.int64)]
    for rows in rooms:
        values = getattr(rows, name)
        at, column = np.nonzero(values)
        data.append(values[at, column])
        columns.append(rows.near[column])
        lengths.append(np.bincount(at, minlength=len(values)))
    starts = np.cumsum(np.concatenate(lengths))
    empty = [np.empty(0)]
    return sparse.csr_array(
        (np.concatenate(data or empty), np.concatenate(columns or [np.empty(0, np.int64)]), starts),
        shape=(len(starts) - 1, width),
    )

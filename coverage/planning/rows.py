"""The planning model: which rows a room needs, what each candidate gives to them, and what it takes of each limit.

A row is a test point and carrier of a room in one of its modes. It holds when the shares of all that stands add up to
1, or when the cell of a managed-access node is ahead there and not jammed away. A room is protected when every row of
its mode holds. All numbers come from `levels`; nothing here knows a site.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.blocking.montecarlo import Needs
from quietwing.coverage.planning._row_kernels import hardest_rows, weakest_rows
from quietwing.coverage.planning.levels import Alive, Candidates, HeadEnds, LimitBlock, RoomBlock

__all__ = [
    "TIGHTER",
    "Blocked",
    "LimitRows",
    "PlanModel",
    "RoomRows",
    "limit_rows",
    "limit_shares",
    "missed_rows",
    "plan_model",
    "room_rows",
    "with_room_rows",
]

TIGHTER = 1e-5  # rows are tightened by this share, more than any solver's tolerance (reliability.md N71)
FEW_ROWS = 512  # of a part of the limits, up to which all are in the model from the start
PEAK_WINDOW_DB = 6.0  # below a candidate's largest share: its largest on other carriers is looked at from the start
LEAST_PEAK_DB = -13.0  # of a limit without slack; smaller shares bind together only, and are found when they do
Floats = NDArray[np.float64]
Values = NDArray[np.floating]


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
    heard_dbm: Floats
    noise: Floats

    def some(self, rows: NDArray[np.intp]) -> _Needed:
        """Some of them."""
        return _Needed(self.carrier[rows], self.point[rows], self.heard_dbm[rows], self.noise[rows])


def _needed(block: RoomBlock, needs: Needs) -> _Needed:
    carriers, points = np.nonzero(needs.campable[:, None] & np.ones(block.signal_dbm.shape[1], bool))
    heard_dbm = block.signal_dbm[carriers, points]
    alone_db = block.alone_db[carriers, points]
    noise = 10 ** ((needs.noise[carriers] - alone_db - heard_dbm - needs.need[carriers]) / 10)
    alone = (needs.floor[carriers] - heard_dbm - alone_db >= 0) | (noise >= 1)
    return _Needed(carriers, points, heard_dbm, noise).some(np.flatnonzero(~alone))


def _values(
    block: RoomBlock, needs: Needs, candidates: Candidates, near: NDArray[np.int64], needed: _Needed
) -> tuple[Floats, Floats, Floats]:
    """Share, serving and jamming power of some candidates in some rows, shape (row, near) each."""
    carriers, points, heard_dbm, noise = needed
    of_base = np.searchsorted(block.bases, candidates.base[near])
    trim_db = candidates.trim_db[near][:, carriers]
    level_dbm = block.level_dbm[of_base][:, carriers, points] + trim_db
    against_db = block.against_db[of_base][:, carriers, points]
    share = 10 ** ((level_dbm - against_db - heard_dbm - needs.need[carriers]) / 10) / (1 - noise)
    nodes = candidates.is_mas[near]
    if not nodes.any():
        return share.T, np.zeros_like(share).T, np.zeros_like(share).T
    cell_dbm = block.cell_dbm[of_base][:, carriers, points] + trim_db
    served_mw = 10 ** ((cell_dbm - needs.mas_gamma[carriers]) / 10) - 10 ** (needs.mas_noise[carriers] / 10.0)
    ahead = (cell_dbm - against_db - heard_dbm - needs.capture[carriers] >= 0) & (
        cell_dbm >= needs.mas_floor[carriers]
    )
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
        wanted_db = needed.heard_dbm + needs.need[needed.carrier] + 10 * np.log10(1 - needed.noise)
        reached_db = (block.level_dbm[used] - block.against_db[used])[:, needed.carrier, needed.point] - wanted_db
        _, alike = np.unique(candidates.trim_db[near], axis=1, return_inverse=True)
        hardest = hardest_rows(np.ascontiguousarray(reached_db.T, float), alike.ravel()[needed.carrier])
        needed = needed.some(np.flatnonzero(hardest))
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
    if not serve_mw.any():
        return np.flatnonzero(hardest_rows(np.ascontiguousarray(clipped), np.zeros(len(clipped), np.int64)))
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
    peak : float64 ndarray, shape (candidate,)
        Largest share of any limit in a part of many rows, with no slack.
    wanted : bool ndarray, shape (row,), or None
        Of such a part: rows to begin with, the largest of some candidate on some carrier. Their shares are not among
        `share` yet, see `with_rows`.
    """

    share: Floats
    name: tuple[str, ...]
    slacked: NDArray[np.bool_]
    forbidden: NDArray[np.bool_]
    reason: dict[int, str]
    peak: Floats
    wanted: NDArray[np.bool_] | None = None

    def with_slack(self, slack_db: float) -> tuple[Floats, tuple[str, ...], NDArray[np.bool_]]:
        """Shares, names and forbidden candidates with limits that much higher."""
        less = 10 ** (-slack_db / 10)
        share = np.where(self.slacked[:, None], self.share * less, self.share)
        forbidden = self.forbidden | (share > 1 - TIGHTER).any(axis=0) | (self.peak * less > 1 - TIGHTER)
        return share, self.name, forbidden

    def with_rows(self, members: NDArray[np.int64], share: Floats, name: tuple[str, ...]) -> LimitRows:
        """Further rows, shape (row, member), without slack, of a part that slack applies to."""
        further = np.zeros((len(share), self.share.shape[1]))
        further[:, members] = share
        return replace(
            self,
            share=np.concatenate([self.share, further]),
            name=(*self.name, *name),
            slacked=np.concatenate([self.slacked, np.ones(len(share), bool)]),
            wanted=None,
        )


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
        Parts of more than `FEW_ROWS` rows are only looked through: what they forbid, and which rows to begin with.
    """
    found: list[tuple[int, NDArray[np.int64], Floats]] = []  # first row, some candidates, their shares
    names: list[str] = []
    slacked: list[bool] = []
    first_row: dict[str, int] = {}  # of each part
    forbidden = np.zeros(len(candidates), bool)
    peak_db = np.full(len(candidates), -np.inf)
    largest: list[tuple[NDArray[np.int64], NDArray[np.int64], Values]] = []
    rows = 0
    reason: dict[int, str] = {}
    for block in blocks:
        if not block.name:
            continue
        # What is out already takes no part: on a real site that is most candidates after the first places.
        alive = np.flatnonzero(~forbidden)
        if block.bases is not None:
            alive = alive[np.isin(candidates.base[alive], block.bases)]
        slack_db = most_slack_db if block.slack else 0.0
        many = len(block.name) > FEW_ROWS and bool(block.part)
        of_rows = _peaks if many else _each_row
        relative_db = np.asarray(block.level_dbm - block.limit_dbm[:, None, None], np.float32 if many else float)
        over_db, row_of = of_rows(block, relative_db, candidates, alive)
        breaks = over_db - slack_db > 10 * np.log10(1 - TIGHTER)
        first = row_of[breaks.argmax(axis=0), np.arange(len(alive))] if len(alive) else alive
        out = breaks.any(axis=0)
        if block.cell_over_db is not None and candidates.is_mas[alive].any():
            captured_db, captured_row = of_rows(block, block.cell_over_db, candidates, alive)
            takes = captured_db - slack_db >= 0
            first = np.where(out, first, captured_row[takes.argmax(axis=0), np.arange(len(alive))])
            out |= takes.any(axis=0)
            standing = candidates.existing[alive] & (not block.screen)
            for at, row, over in _captures_that_stand(np.asarray(captured_db, float), standing):
                found.append((len(names), alive[[at]], np.array([[over]])))
                names.append(block.name[int(captured_row[row, at])])
                slacked.append(block.slack)
        out &= ~candidates.existing[alive]
        reason |= {at: block.name[row] for at, row in zip(alive[out].tolist(), first[out].tolist(), strict=True)}
        forbidden[alive[out]] = True
        if alive_bases is not None:
            alive_bases.bases = np.unique(candidates.base[~forbidden])
        if block.screen:
            continue
        left = alive[~out]
        if many:
            rows = len(block.name)
            peak_db[left] = np.maximum(peak_db[left], over_db[:, ~out].max(axis=0, initial=-np.inf))
            largest.append((left, row_of[:, ~out], over_db[:, ~out]))
            continue
        here = first_row.setdefault(block.part, len(names)) if block.part else len(names)
        found.append((here, left, 10 ** (np.asarray(over_db[:, ~out], float) / 10)))
        if here == len(names):
            names.extend(block.name)
            slacked.extend([block.slack] * len(block.name))
    alive = np.flatnonzero(~forbidden)
    share = np.zeros((len(names), len(candidates)))
    for here, members, part in found:
        share[here : here + len(part), members] = part
    share[:, forbidden] = 0.0
    least = np.where(slacked, 10 ** (-least_slack_db / 10), 1.0)
    most = _most_of_positions(share[:, alive], candidates.position[alive]).sum(axis=1)
    binding = np.flatnonzero(most * least > 1 - TIGHTER)
    kept = binding[_largest(share[np.ix_(binding, alive)])]
    wanted = np.zeros(rows, bool)
    for members, row_of, most_db in largest:
        worth = (most_db > peak_db[members] - PEAK_WINDOW_DB) & (most_db > LEAST_PEAK_DB) & ~forbidden[members]
        np.put(wanted, row_of[worth], True)
    return LimitRows(
        share[kept],
        tuple(names[row] for row in kept.tolist()),
        np.array(slacked, bool)[kept],
        forbidden,
        reason,
        np.where(forbidden, 0.0, 10 ** (peak_db / 10)),
        wanted if largest else None,
    )


def _each_row(
    block: LimitBlock, relative_db: Values, candidates: Candidates, alive: NDArray[np.int64]
) -> tuple[Values, NDArray[np.int64]]:
    """Of some candidates in each row of a block, shape (row, alive), and which row that is. [dB]"""
    base, mode = _in_block(block, candidates, alive)
    trim_db = np.where(block.carrier[:, None] >= 0, candidates.trim_db[alive][:, block.carrier].T, 0.0)
    if block.stray_db is not None:
        trim_db = np.maximum(trim_db, candidates.trim_db[alive].max(axis=1) - block.stray_db[:, base])
    rows = np.broadcast_to(np.arange(len(block.name))[:, None], trim_db.shape)
    return relative_db[:, base, mode] + trim_db, rows


def _peaks(
    block: LimitBlock, relative_db: Values, candidates: Candidates, alive: NDArray[np.int64]
) -> tuple[Values, NDArray[np.int64]]:
    """Of some candidates the most on each carrier of a block, shape (run of rows, alive), and in which row. [dB]"""
    starts = np.flatnonzero(np.diff(block.carrier, prepend=-2))
    ends = [*starts[1:].tolist(), len(block.carrier)]
    row_of = np.stack(
        [first + relative_db[first:end].argmax(axis=0) for first, end in zip(starts.tolist(), ends, strict=True)]
    )
    most_db = np.take_along_axis(relative_db, row_of, axis=0)
    base, mode = _in_block(block, candidates, alive)
    carrier = block.carrier[starts]
    trim_db = np.where(carrier[:, None] >= 0, candidates.trim_db[alive][:, carrier].T, 0.0)
    return most_db[:, base, mode] + trim_db, row_of[:, base, mode]


def _in_block(
    block: LimitBlock, candidates: Candidates, members: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where a block has the bases of some candidates, and their modes."""
    base = candidates.base[members]
    return base if block.bases is None else np.searchsorted(block.bases, base), candidates.mode[members]


def limit_shares(
    blocks: Iterable[LimitBlock], candidates: Candidates, members: NDArray[np.int64]
) -> tuple[Floats, tuple[str, ...]]:
    """Shares that some candidates take of the rows of one part, shape (row, member), and the names of the rows.

    Parameters
    ----------
    blocks : iterable of LimitBlock
        Of one part, with no slack.
    candidates : Candidates
    members : int64 ndarray
    """
    share, name = np.zeros((0, len(members))), tuple[str, ...]()
    for block in blocks:
        if block.screen:
            continue
        if not len(share):
            share, name = np.zeros((len(block.name), len(members))), block.name
        here = np.arange(len(members))
        if block.bases is not None:
            here = np.flatnonzero(np.isin(candidates.base[members], block.bases))
        relative_db = block.level_dbm - block.limit_dbm[:, None, None]
        over_db, _ = _each_row(block, relative_db, candidates, members[here])
        share[:, here] = 10 ** (np.asarray(over_db, float) / 10)
    return share, name


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

"""What each candidate takes of each limit; of the many places outside only rows that some plan may break.

A part of many rows is only looked through: what it forbids, and each candidate's largest row on each carrier. A model
begins with these; further rows that a plan breaks are added as they are found (`SearchSpace.with_missed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.levels import Alive, Candidates, LimitBlock
from quietwing.coverage.planning.rows import TIGHTER, most_of_positions

__all__ = ["LimitRows", "limit_rows", "limit_shares"]

PEAK_WINDOW_DB = 6.0  # below a candidate's largest share: its largest on other carriers is looked at from the start
LEAST_PEAK_DB = -13.0  # of a limit without slack; smaller shares bind together only, and are found when they do
Floats = NDArray[np.float64]
Values = NDArray[np.floating]


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

    def with_rows(
        self, members: NDArray[np.int64], share: Floats, name: tuple[str, ...], *, slacked: bool = True
    ) -> LimitRows:
        """Further rows, shape (row, member), without slack, of a part that slack applies to or not."""
        further = np.zeros((len(share), self.share.shape[1]))
        further[:, members] = share
        return replace(
            self,
            share=np.concatenate([self.share, further]),
            name=(*self.name, *name),
            slacked=np.concatenate([self.slacked, np.full(len(share), slacked)]),
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
        A part of which only the largest rows are given (`LimitBlock.row_of`) is only looked through: what it forbids,
        and which rows to begin with.
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
        many = block.row_of is not None
        over_db, row_of = _each_row(block, block.level_dbm - block.limit_dbm[:, None, None], candidates, alive)
        breaks = over_db - slack_db > 10 * np.log10(1 - TIGHTER)
        first = row_of[breaks.argmax(axis=0), np.arange(len(alive))] if len(alive) else alive
        out = breaks.any(axis=0)
        if block.cell_over_db is not None and candidates.is_mas[alive].any():
            captured_db, captured_row = _each_row(block, block.cell_over_db, candidates, alive, block.cell_row_of)
            takes = captured_db - slack_db >= 0
            first = np.where(out, first, captured_row[takes.argmax(axis=0), np.arange(len(alive))])
            out |= takes.any(axis=0)
            standing = candidates.existing[alive]
            for at, row, over in _captures_that_stand(np.asarray(captured_db, float), standing):
                found.append((len(names), alive[[at]], np.array([[over]])))
                names.append(block.name[int(captured_row[row, at])])
                slacked.append(block.slack)
        out &= ~candidates.existing[alive]
        reason |= {at: block.name[row] for at, row in zip(alive[out].tolist(), first[out].tolist(), strict=True)}
        forbidden[alive[out]] = True
        if alive_bases is not None:
            alive_bases.bases = np.unique(candidates.base[~forbidden])
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
    most = most_of_positions(share[:, alive], candidates.position[alive]).sum(axis=1)
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
    block: LimitBlock,
    relative_db: Values,
    candidates: Candidates,
    members: NDArray[np.int64],
    row_of: NDArray[np.int64] | None = None,
) -> tuple[Values, NDArray[np.int64]]:
    """Of some candidates in each row of a block, shape (row, member), and which row of the part that is. [dB]"""
    base, mode = candidates.base[members], candidates.mode[members]
    if block.bases is not None:
        base = np.searchsorted(block.bases, base)
    untrimmed_db = 0.0 if block.stray_db is None else -np.inf
    trim_db = np.where(block.carrier[:, None] >= 0, candidates.trim_db[members][:, block.carrier].T, untrimmed_db)
    if block.heard is not None:
        kinds, kind = np.unique(block.heard, axis=0, return_inverse=True)
        largest_db = [candidates.trim_db[members][:, carriers].max(axis=1) for carriers in kinds]
        trim_db = np.array(largest_db)[kind]
    if block.stray_db is not None:
        trim_db = np.maximum(trim_db, candidates.trim_db[members].max(axis=1) - block.stray_db[:, base])
    row_of = block.row_of if row_of is None else row_of
    if row_of is None:
        rows = np.broadcast_to(np.arange(len(trim_db))[:, None], trim_db.shape)
    else:
        rows = row_of[:, base, mode]
    return relative_db[:, base, mode] + trim_db, rows


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

"""Good choices for set-covering problems by local search with row weights, counted and not timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.planning._row_weighting import search_steps
from quietwing.coverage.planning.problem import Problem

__all__ = ["Covering", "covering_of", "search_cover"]

Ints = NDArray[np.int64]
LEAST_COLUMNS = 100  # below which HiGHS proves the optimum faster than a search begins
WORK = 3_000_000_000  # columns looked at in a whole search at most: some twenty seconds
LEAST_WORK = 60_000_000  # without anything better before it is given up, or
PATIENCE = 10  # times as much as the best one took
DENSE = 4.0  # ways from a column over a row to another, as many times the columns
STEPS_OF_A_TURN = 1_000  # between which the clock and Ctrl-C are looked at
GOLDEN = 0x9E3779B97F4A7C15


class Covering(NamedTuple):
    """Columns that cover rows, both ways round; every cost is above 0.

    `row[row_start[c]:row_start[c + 1]]` are the rows of column c, `column` likewise the columns of a row; `free` the
    columns that cost nothing and are always chosen, `needed` those left to choose from, as columns of the problem.
    `dense`: a column shares rows with nearly all others.
    """

    row_start: Ints
    row: Ints
    column_start: Ints
    column: Ints
    cost: NDArray[np.float64]
    free: Ints
    needed: Ints
    dense: bool


class _State(NamedTuple):
    """A choice, and what follows from it."""

    on: NDArray[np.bool_]
    chosen: Ints
    place: Ints
    size: Ints
    times: Ints
    weight: Ints
    score: Ints
    may: NDArray[np.bool_]
    stamp: Ints
    open: Ints
    open_place: Ints
    open_count: Ints
    total: NDArray[np.float64]
    turn: Ints


def covering_of(problem: Problem, cost: NDArray[np.float64]) -> Covering | None:
    """A problem as a covering problem, None if it is none or too small for a search to pay.

    Parameters
    ----------
    problem : Problem
        A sound problem whose rows can all be met.
    cost : ndarray, shape (column,)
        To be made small.
    """
    rows, width = problem.rows, problem.rows.shape[1]
    if width < LEAST_COLUMNS or not (problem.integer.all() and (problem.lower == 0).all()):
        return None
    needed = np.flatnonzero(problem.row_lower > 0)
    entry_rows = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    whole = (rows.data > 0) & ((problem.row_lower[entry_rows] <= 0) | (rows.data >= problem.row_lower[entry_rows]))
    if not ((problem.upper == 1).all() and (cost >= 0).all() and (problem.row_upper == np.inf).all() and whole.all()):
        return None
    free, paid = np.flatnonzero(cost == 0), np.flatnonzero(cost > 0)
    covered = np.zeros(rows.shape[0], bool)
    covered[entry_rows[np.isin(rows.indices, free)]] = True
    left = needed[~covered[needed]]
    if not len(left) or not len(paid):
        return None
    by_row = sparse.csr_array(rows[left][:, paid])
    by_row.sort_indices()
    by_column = by_row.tocsc()
    return Covering(
        row_start=by_column.indptr.astype(np.int64),
        row=by_column.indices.astype(np.int64),
        column_start=by_row.indptr.astype(np.int64),
        column=by_row.indices.astype(np.int64),
        cost=cost[paid].astype(float),
        free=free,
        needed=paid,
        dense=by_row.nnz / len(paid) * (by_row.nnz / len(left)) > DENSE * len(paid),
    )


def search_cover(covering: Covering, seed: int, until_s: float) -> Iterator[NDArray[np.float64] | None]:
    """Better and better choices, each whole; None at the end if the clock cut the search short.

    Parameters
    ----------
    covering : Covering
    seed : int
        Same seed, same choices.
    until_s : float
        Of the monotonic clock: a safety net. [s]

    Yields
    ------
    ndarray or None, shape (column of the problem,)
        0 and 1.

    References
    ----------
    Gao, Weise and Li, An efficient local search heuristic with row weighting for the unicost set covering problem,
    Eur. J. Oper. Res. 246 (2015) 750-761; columns compared by weight for their cost where costs differ.
    """
    width, height = len(covering.cost), len(covering.column_start) - 1
    now = _State(
        on=np.zeros(width, bool), chosen=np.zeros(width, np.int64), place=np.zeros(width, np.int64),
        size=np.zeros(1, np.int64), times=np.zeros(height, np.int64), weight=np.ones(height, np.int64),
        score=np.diff(covering.row_start), may=np.ones(width, bool), stamp=np.zeros(width, np.int64),
        open=np.arange(height), open_place=np.arange(height), open_count=np.array([height]),
        total=np.zeros(1), turn=np.ones(1, np.int64),
    )  # fmt: skip
    best, best_total = np.ones(width, bool), np.array([covering.cost.sum() * 2 + 1])
    random = np.array([(GOLDEN * (seed + 1)) % 2**64 or 1], np.uint64)
    # Columns and rows that a step looks at: a part of those chosen, and what is near some four that change.
    looked = 100 + width // 4
    if covering.dense:
        looked += 4 * (width + len(covering.row) // width)
    else:
        looked += 4 * (len(covering.row) // width) * (len(covering.column) // height)
    work, at_best, told = 0, 0, np.inf
    while work < min(WORK, max(LEAST_WORK, PATIENCE * at_best)):
        search_steps(covering, now, best, best_total, STEPS_OF_A_TURN, random)
        work += STEPS_OF_A_TURN * looked
        if best_total[0] < told:
            told, at_best = float(best_total[0]), work
            point = np.zeros(len(covering.free) + width)
            point[covering.free] = 1.0
            point[covering.needed[best]] = 1.0
            yield point
        if time.monotonic() > until_s:
            yield None
            return

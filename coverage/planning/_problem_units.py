"""How rows and columns of a bare problem are called, and the size in which each is solved and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from quietwing.coverage.planning.problem import Problem

__all__ = ["LARGEST_COEFFICIENT", "SMALLEST_COEFFICIENT", "column_name", "column_unit", "named_row", "negligible"]
__all__ += ["row_name", "row_unit", "tightened"]

SMALLEST_COEFFICIENT = 1e-9  # HiGHS drops matrix entries up to this without a word
LARGEST_COEFFICIENT = 1e15  # HiGHS refuses matrix entries from here on
SUM_LEFT = 1e-9  # of what is added up: less is left by rounding alone


def column_name(problem: Problem, column: int) -> str:
    """What messages call a column."""
    return problem.column_names[column] if problem.column_names else f"x{column}"


def row_name(problem: Problem, row: int) -> str:
    """What messages call a row."""
    return problem.row_names[row] if problem.row_names else f"row {row}"


def named_row(problem: Problem, row: int) -> str:
    """A row in a sentence: its name after the word row, once."""
    name = row_name(problem, row)
    return name if name.startswith("row ") else f"row {name}"


def column_unit(problem: Problem) -> NDArray[np.float64]:
    """The size in which each column is solved: 1, or a power of two where a divisible column stays below 1.

    A power column of at most 2e-6 W is solved in units of about a microwatt, so that the solver's absolute
    tolerances mean something.
    """
    reach = np.maximum(
        *(np.where(np.isfinite(side), np.abs(side), np.inf) for side in (problem.lower, problem.upper))
    )
    small = ~problem.integer & (reach > 0) & (reach < 1)
    return np.where(small, np.exp2(np.frexp(np.where(small, reach, 1.0))[1] - 1), 1.0)


def tightened(problem: Problem) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Coefficients that say the same of whole columns and are no larger than needed, and columns that must be 0.

    In a row of binary columns ``sum of p·x - sum of n·x >= low`` no p need be above low plus all n: one such column
    meets the row by itself. A column with n above twice what all p leave over low breaks it by itself. So the near
    blocker, a billion times as strong as what a room needs, is no larger in the row than the need.

    Returns
    -------
    ndarray, shape (entry,)
    ndarray of bool, shape (column,)
    """
    rows, (height, width) = problem.rows, problem.rows.shape
    entry_rows = np.repeat(np.arange(height), np.diff(rows.indptr))
    binary = problem.integer & (problem.lower == 0) & (problem.upper == 1)
    plain = np.bincount(entry_rows, ~binary[rows.indices], height) == 0
    data, never = rows.data.copy(), np.zeros(width, bool)
    for sign, low, other in (
        (1.0, problem.row_lower, problem.row_upper),
        (-1.0, -problem.row_upper, -problem.row_lower),
    ):
        here = (plain & np.isfinite(low) & (other == sign * np.inf))[entry_rows]
        value = sign * data
        for_it = np.bincount(entry_rows, np.maximum(value, 0.0), height)
        against = np.bincount(entry_rows, np.maximum(-value, 0.0), height)
        with np.errstate(invalid="ignore"):
            needed, left = (low + against)[entry_rows], (for_it - low)[entry_rows]
        data = np.where(here & (needed > 0) & (value > needed), sign * needed, data)
        # More than what is for it can be short of rounding: only a clear excess is one.
        breaks = here & (left > SUM_LEFT * for_it[entry_rows]) & (-value > 2 * left)
        never[rows.indices[breaks]] = True
        data = np.where(breaks, -sign * 2 * left, data)
    return data, never


def row_unit(problem: Problem) -> NDArray[np.float64]:
    """The size by which a miss of each row is judged: its largest coefficient as `tightened`, at most 1.

    A row in pounds may be missed by 1e-6 pounds, a row of coefficients around 1e-4 by 1e-10: never by more than a
    millionth of what one unit of its heaviest column (`column_unit`) brings. An empty row is judged by its smallest
    bound other than 0, at most 1; one with coefficients from 1e15 on by a billionth of the largest: floats of that
    size tell no smaller difference.
    """
    rows, unit = problem.rows, np.zeros(problem.rows.shape[0])
    sizes = np.abs(problem.tight[0]) * column_unit(problem)[rows.indices]
    np.maximum.at(unit, np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), sizes)
    sides = np.abs([problem.row_lower, problem.row_upper])
    empty = np.where((sides > 0) & np.isfinite(sides), sides, 1.0).min(axis=0)
    large = np.where(unit < LARGEST_COEFFICIENT, 1.0, unit * SMALLEST_COEFFICIENT)
    return np.where(unit > 0, np.minimum(unit, large), np.minimum(empty, 1.0))


def negligible(problem: Problem) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Entries of the rows too small for HiGHS, and the least and the most they bring to each row together.

    Returns
    -------
    small : ndarray of bool, shape (entry,)
    least, most : ndarray, shape (row,)
        Infinite where such an entry meets a column without bound.
    """
    rows, height = problem.rows, problem.rows.shape[0]
    entry_rows = np.repeat(np.arange(height), np.diff(rows.indptr))
    tight, _ = problem.tight
    sizes = np.abs(tight) * column_unit(problem)[rows.indices] / problem.row_units[entry_rows]
    small = (sizes > 0) & (sizes <= 2 * SMALLEST_COEFFICIENT)  # scaled by powers of two: up to half as large again
    data, at = rows.data[small], rows.indices[small]
    ends = np.stack([data * problem.lower[at], data * problem.upper[at]])
    return (
        np.asarray(small, bool),
        np.bincount(entry_rows[small], ends.min(axis=0), height).astype(float),
        np.bincount(entry_rows[small], ends.max(axis=0), height).astype(float),
    )

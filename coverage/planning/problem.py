"""The bare problem of the planning stage: a matrix, its bounds and what to make small or large."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quietwing.coverage.errors import InfeasiblePlanError, ScenarioError
from quietwing.sites.errors import problems_text

__all__ = ["Problem", "check_problem", "column_name", "demand_sound", "row_name", "row_unit"]

SMALLEST_COEFFICIENT = 1e-9  # HiGHS drops matrix entries below this without a word
LARGEST_COEFFICIENT = 1e15  # HiGHS refuses matrix entries from here on
SUM_ERROR = 1e-11  # more than n·2^-53 for the longest rows (n < 90,000), relative to the sizes added
ROW_TOLERANCE = 1e-6  # how far a row may be missed, times `row_unit`


@dataclass(frozen=True, eq=False)
class Problem:
    """A mixed-integer linear problem: objective·x with row_lower <= rows·x <= row_upper and lower <= x <= upper.

    Attributes
    ----------
    objective : ndarray, shape (column,)
        What one unit of each column costs, or earns with `maximise`.
    rows : scipy.sparse.csr_array, shape (row, column)
    row_lower, row_upper : ndarray, shape (row,)
        -inf and inf mean no bound.
    lower, upper : ndarray, shape (column,)
        Finite for integer columns.
    integer : ndarray of bool, shape (column,)
    maximise : bool
    column_names, row_names : tuple of str
        For messages; empty means x0, x1, … and row 0, row 1, …
    tie_breaks : tuple of ndarray, each of shape (column,)
        Further objectives, each minimised in turn among the optima of those before it.
    """

    objective: NDArray[np.float64]
    rows: sparse.csr_array
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    integer: NDArray[np.bool_]
    maximise: bool = False
    column_names: tuple[str, ...] = ()
    row_names: tuple[str, ...] = ()
    tie_breaks: tuple[NDArray[np.float64], ...] = ()

    @classmethod
    def covering(cls, costs: ArrayLike, sets: Sequence[Iterable[int]]) -> Problem:
        """The cheapest choice of sets that covers every element.

        Parameters
        ----------
        costs : array_like, shape (column,)
            What each set costs.
        sets : sequence of iterables of int
            ``sets[j]`` holds the elements of column j, counted from 0; the elements are 0 up to the largest one
            named, so an element that no set holds is a row that cannot be met.

        Returns
        -------
        Problem
            One binary column for each set, one row ``sum >= 1`` for each element.

        Raises
        ------
        ScenarioError
            If there are not as many costs as sets, or an element is below 0.
        """
        prices = np.asarray(costs, float)
        members = [np.unique(np.fromiter(elements, dtype=np.int64)) for elements in sets]
        if prices.shape != (len(members),):
            raise ScenarioError(
                f"costs of shape {prices.shape} for {len(members)} sets, expected one cost for each; "
                f"give both in one order"
            )
        elements = np.concatenate([*members, np.empty(0, np.int64)])
        if elements.size and elements.min() < 0:
            raise ScenarioError(
                f"element {elements.min()} in a set, expected counts from 0; number the elements again"
            )
        columns = np.repeat(np.arange(len(members)), [len(own) for own in members])
        height = int(elements.max()) + 1 if elements.size else 0
        return cls(
            objective=prices,
            rows=sparse.csr_array((np.ones(elements.size), (elements, columns)), shape=(height, len(members))),
            row_lower=np.ones(height),
            row_upper=np.full(height, np.inf),
            lower=np.zeros(len(members)),
            upper=np.ones(len(members)),
            integer=np.ones(len(members), bool),
            column_names=tuple(f"set {j}" for j in range(len(members))),
            row_names=tuple(f"element {i}" for i in range(height)),
        )


def column_name(problem: Problem, column: int) -> str:
    """What messages call a column."""
    return problem.column_names[column] if problem.column_names else f"x{column}"


def row_name(problem: Problem, row: int) -> str:
    """What messages call a row."""
    return problem.row_names[row] if problem.row_names else f"row {row}"


def row_unit(rows: sparse.csr_array) -> NDArray[np.float64]:
    """The size by which a miss of each row is judged: its largest coefficient, at most 1; 1 for an empty row.

    A row in pounds may be missed by 1e-6 pounds, a row of coefficients around 1e-4 by 1e-10: never by more than a
    millionth of what one unit of its heaviest column brings.
    """
    unit = np.zeros(rows.shape[0])
    np.maximum.at(unit, np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), np.abs(rows.data))
    return np.where(unit > 0, np.minimum(unit, 1.0), 1.0)


def check_problem(problem: Problem) -> tuple[str, ...]:
    """Everything that keeps a problem from being solved as stated, found before any solver starts.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    tuple of str
        One line for each fault, with the names of its rows and columns; empty for a sound problem. Shapes first:
        where they do not agree nothing else is looked at; then numbers; then rows that no choice within the column
        bounds can meet.
    """
    return _shape_faults(problem) or _number_faults(problem) or _unreachable_rows(problem)


def demand_sound(problem: Problem) -> None:
    """Raise what `check_problem` finds.

    Raises
    ------
    InfeasiblePlanError
        If the numbers are sound and some rows cannot be met by any choice: the problem is proven infeasible.
    ScenarioError
        For every other fault.
    """
    faults = _shape_faults(problem) or _number_faults(problem)
    if faults:
        raise ScenarioError(problems_text(faults))
    faults = _unreachable_rows(problem)
    if faults:
        raise InfeasiblePlanError(problems_text(faults))


def _shape_faults(problem: Problem) -> tuple[str, ...]:
    """Arrays that do not fit together, or a problem with nothing to choose."""
    found = []
    if not (sparse.issparse(problem.rows) and problem.rows.format == "csr"):
        return (
            f"rows are {type(problem.rows).__name__}, expected scipy.sparse.csr_array; convert with csr_array(rows)",
        )
    height, width = problem.rows.shape
    if width == 0:
        found.append("the problem has no column, expected at least one; there is nothing to choose")
    expected = {"objective": width, "lower": width, "upper": width, "integer": width}
    expected |= {"row_lower": height, "row_upper": height}
    shapes = {name: np.shape(getattr(problem, name)) for name in expected}
    for place, objective in enumerate(problem.tie_breaks):
        expected[f"tie_breaks[{place}]"] = width
        shapes[f"tie_breaks[{place}]"] = np.shape(objective)
    found.extend(
        f"{name} has shape {shapes[name]}, expected ({length},) to fit rows of shape ({height}, {width}); "
        f"give one number for each"
        for name, length in expected.items()
        if shapes[name] != (length,)
    )
    for name, names, length in (
        ("column_names", problem.column_names, width),
        ("row_names", problem.row_names, height),
    ):
        if names and len(names) != length:
            found.append(f"{len(names)} {name}, expected {length} or none; name all or none")
    return tuple(found)


def _number_faults(problem: Problem) -> tuple[str, ...]:
    """Coefficients and bounds that the solver would misread without a word."""
    found: list[str] = []
    entry_rows = np.repeat(np.arange(problem.rows.shape[0]), np.diff(problem.rows.indptr))
    entries = [
        f"{row_name(problem, int(i))}, {column_name(problem, int(j))}"
        for i, j in ((entry_rows[k], problem.rows.indices[k]) for k in _odd(problem.rows.data))
    ]
    found.extend(_coefficient_faults(problem.rows.data, entries))
    for label, objective in (
        ("objective", problem.objective),
        *((f"tie_breaks[{place}]", extra) for place, extra in enumerate(problem.tie_breaks)),
    ):
        found.extend(
            _coefficient_faults(objective, [f"{label}, {column_name(problem, int(j))}" for j in _odd(objective)])
        )
    for what, lows, highs, named in (
        ("row", problem.row_lower, problem.row_upper, row_name),
        ("column", problem.lower, problem.upper, column_name),
    ):
        unclear = np.isnan(lows) | np.isnan(highs) | (lows == np.inf) | (highs == -np.inf)
        found.extend(
            f"{what} {named(problem, int(k))} has bounds {lows[k]:g} and {highs[k]:g}, expected numbers that leave "
            "room; correct them"
            for k in np.flatnonzero(unclear)
        )
        found.extend(
            f"{what} {named(problem, int(k))} has crossed bounds {lows[k]:.17g} > {highs[k]:.17g}, expected lower <= "
            "upper; correct one of them"
            for k in np.flatnonzero(~unclear & (lows > highs))
        )
    for k in np.flatnonzero(problem.integer & (problem.lower <= problem.upper)):
        low, high, name = float(problem.lower[k]), float(problem.upper[k]), column_name(problem, int(k))
        if not (abs(low) < LARGEST_COEFFICIENT and abs(high) < LARGEST_COEFFICIENT):
            found.append(
                f"integer column {name} has bounds {low:g} and {high:g}, expected both within ±1e15; "
                "give it finite bounds"
            )
        elif np.ceil(low) > np.floor(high):
            found.append(
                f"integer column {name} has no whole number between {low:g} and {high:g}, expected at least one; "
                "widen its bounds"
            )
    return tuple(found or _unbounded_columns(problem))


def _odd(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Places of coefficients that are no number, too large, or so small that HiGHS drops them."""
    size = np.abs(values)
    return np.flatnonzero(~(size < LARGEST_COEFFICIENT) | ((size > 0) & (size < SMALLEST_COEFFICIENT)))


def _coefficient_faults(values: NDArray[np.float64], places: list[str]) -> list[str]:
    """One line for each odd coefficient, in the order of `_odd`."""
    found = []
    for k, place in zip(_odd(values), places, strict=True):
        if not np.isfinite(values[k]):
            found.append(f"{place}: coefficient {values[k]}, expected a finite number; correct it")
        elif abs(values[k]) >= LARGEST_COEFFICIENT:
            found.append(f"{place}: coefficient {values[k]:g}, expected less than 1e15; use a larger unit")
        else:
            found.append(
                f"{place}: coefficient {values[k]:g}, expected 0 or at least 1e-9; the solver would drop it, "
                f"set it to 0 or use a smaller unit"
            )
    return found


def _unbounded_columns(problem: Problem) -> list[str]:
    """Continuous columns that no row holds and that improve the objective for ever."""
    held = np.zeros(problem.rows.shape[1], bool)
    held[problem.rows.indices[problem.rows.data != 0]] = True
    better = problem.objective if problem.maximise else -problem.objective
    free = ~held & (((better > 0) & (problem.upper == np.inf)) | ((better < 0) & (problem.lower == -np.inf)))
    return [
        f"column {column_name(problem, int(k))} improves the objective without end, expected a bound or a row that "
        f"holds it; give it a finite bound"
        for k in np.flatnonzero(free)
    ]


def _unreachable_rows(problem: Problem) -> tuple[str, ...]:
    """Rows whose best activity within the column bounds misses their bound, all-zero rows included."""
    rows = problem.rows
    whole = problem.integer
    # Rounded only where it is exact: bounds of integer columns, known to be finite here.
    low = np.where(whole, np.ceil(np.where(whole, problem.lower, 0)), problem.lower)
    high = np.where(whole, np.floor(np.where(whole, problem.upper, 0)), problem.upper)
    kept = rows.data != 0
    entry_rows = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))[kept]
    data, columns = rows.data[kept], rows.indices[kept]
    most = np.where(data > 0, data * high[columns], data * low[columns])
    least = np.where(data > 0, data * low[columns], data * high[columns])
    found: list[str] = []
    sides: tuple[tuple[Literal["least", "most"], NDArray[np.float64], NDArray[np.float64], int], ...] = (
        ("most", most, problem.row_lower, 1),
        ("least", least, problem.row_upper, -1),
    )
    for word, terms, bound, sign in sides:
        best = np.bincount(entry_rows, terms, rows.shape[0])
        # A float sum is off by a tiny part of the sizes it adds: only a clear miss is a proof.
        slack = SUM_ERROR * (np.abs(best) + np.bincount(entry_rows, np.abs(terms), rows.shape[0]))
        missed = sign * (bound - best) > ROW_TOLERANCE * row_unit(rows) + slack
        found.extend(
            f"row {row_name(problem, int(k))} must be at {'least' if sign > 0 else 'most'} {bound[k]:g} and reaches "
            f"at {word} {best[k]:g} whatever is chosen; ease the row or add columns to it"
            for k in np.flatnonzero(missed)
        )
    return tuple(found)

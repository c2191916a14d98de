"""What keeps a bare problem from being solved as stated, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning._problem_units import (
    LARGEST_COEFFICIENT,
    SMALLEST_COEFFICIENT,
    column_name,
    named_row,
    negligible,
    row_name,
)

if TYPE_CHECKING:
    from quietwing.coverage.planning.problem import Problem

__all__ = ["number_faults", "shape_faults", "unbounded_columns", "unreachable_rows"]

LARGEST_BOUND = 1e20  # HiGHS reads bounds from here on as none
NEGLIGIBLE = 1e-7  # of a row's unit: what entries too small for HiGHS may bring together, a tenth of its tolerance
SUM_ERROR = 1e-11  # more than n·2^-53 for the longest rows (n < 90,000), relative to the sizes added
ROW_TOLERANCE = 1e-6  # how far a row may be missed, times `row_unit`


def shape_faults(problem: Problem) -> tuple[str, ...]:
    """Arrays that do not fit together, or a problem with nothing to choose."""
    found = []
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


def number_faults(problem: Problem) -> tuple[str, ...]:
    """Coefficients and bounds that the solver would misread without a word."""
    found = _row_entry_faults(problem)
    for label, objective in (
        ("objective", problem.objective),
        *((f"tie_breaks[{place}]", extra) for place, extra in enumerate(problem.tie_breaks)),
    ):
        found.extend(_objective_faults(problem, label, objective))
    for lows, highs, named in (
        (problem.row_lower, problem.row_upper, named_row),
        (problem.lower, problem.upper, lambda of, k: f"column {column_name(of, k)}"),
    ):
        unclear = np.isnan(lows) | np.isnan(highs) | (lows == np.inf) | (highs == -np.inf)
        found.extend(
            f"{named(problem, int(k))} has bounds {lows[k]:g} and {highs[k]:g}, expected numbers that leave "
            "room; correct them"
            for k in np.flatnonzero(unclear)
        )
        found.extend(
            f"{named(problem, int(k))} has crossed bounds {lows[k]:.17g} > {highs[k]:.17g}, expected lower <= "
            "upper; correct one of them"
            for k in np.flatnonzero(~unclear & (lows > highs))
        )
        far = ~unclear & _far(lows, highs)
        found.extend(
            f"{named(problem, int(k))} has bounds {lows[k]:g} and {highs[k]:g}, expected less than 1e20 or infinite; "
            "use a larger unit"
            for k in np.flatnonzero(far)
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
    return tuple(found)


def _far(lows: NDArray[np.float64], highs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Finite bounds that HiGHS would read as none."""
    sides = np.stack([lows, highs])
    return np.asarray((np.isfinite(sides) & (np.abs(sides) >= LARGEST_BOUND)).any(axis=0), bool)


def _row_entry_faults(problem: Problem) -> list[str]:
    """Coefficients of rows that are no number, or that no scaling of their row brings into the solver's range."""
    rows = problem.rows
    found: list[str] = []
    entry_rows = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))

    def told(entries: NDArray[np.intp], text: str) -> None:
        found.extend(
            f"{row_name(problem, int(entry_rows[k]))}, {column_name(problem, int(rows.indices[k]))}: coefficient "
            f"{rows.data[k]:g}, {text}"
            for k in entries
        )

    finite = np.isfinite(rows.data)
    told(np.flatnonzero(~finite), "expected a finite number; correct it")
    if not finite.all() or np.isnan([problem.lower, problem.upper]).any():
        return found
    size, largest = np.abs(problem.tight[0]), np.zeros(rows.shape[0])
    np.maximum.at(largest, entry_rows, size)
    beside = (largest >= LARGEST_COEFFICIENT)[entry_rows]
    wide = np.zeros(rows.shape[0], bool)
    np.logical_or.at(wide, entry_rows, beside & (size > 0) & (size < SMALLEST_COEFFICIENT * largest[entry_rows]))
    told(
        np.flatnonzero(wide[entry_rows] & (size >= LARGEST_COEFFICIENT)),
        "expected less than 1e15 beside coefficients below a billionth of it; use a larger unit",
    )
    small, least, most = negligible(problem)
    with np.errstate(invalid="ignore"):
        much = ~(np.maximum(np.abs(least), np.abs(most)) <= NEGLIGIBLE * problem.row_units)
    told(
        np.flatnonzero(small & much[entry_rows] & ~wide[entry_rows]),
        "expected 0 or at least a billionth of the largest in its row, or columns whose bounds keep what it brings "
        "below 1e-7 of that; the solver would drop it: set it to 0 or give the column a smaller unit",
    )
    return found


def _objective_faults(problem: Problem, label: str, objective: NDArray[np.float64]) -> list[str]:
    """Coefficients of an objective that the solver would misread."""
    found = []
    size = np.abs(objective)
    least = SMALLEST_COEFFICIENT * min(1.0, float(size[np.isfinite(size)].max(initial=0.0)))
    for k in np.flatnonzero(~(size < LARGEST_COEFFICIENT) | ((size > 0) & (size < least))):
        place, value = f"{label}, {column_name(problem, int(k))}: coefficient {objective[k]:g}", objective[k]
        if not np.isfinite(value):
            found.append(f"{place}, expected a finite number; correct it")
        elif abs(value) >= LARGEST_COEFFICIENT:
            found.append(f"{place}, expected less than 1e15; use a larger unit")
        else:
            found.append(
                f"{place}, expected 0 or at least a billionth of the largest, or of 1 if that is smaller; the solver "
                f"would not see it: set it to 0 or use a smaller unit"
            )
    return found


def unbounded_columns(problem: Problem) -> list[str]:
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


def unreachable_rows(problem: Problem) -> tuple[str, ...]:
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
        missed = sign * (bound - best) > ROW_TOLERANCE * problem.row_units + slack
        found.extend(
            f"{named_row(problem, int(k))} must be at {'least' if sign > 0 else 'most'} {bound[k]:g} and reaches "
            f"at {word} {best[k]:g} whatever is chosen; ease the row or add columns to it"
            for k in np.flatnonzero(missed)
        )
    return tuple(found)

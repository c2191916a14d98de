"""What does not hold of a claimed solution, decided in exact rationals and not by the solver that claims it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quietwing.coverage.planning._problem_units import column_name, column_unit, named_row
from quietwing.coverage.planning.problem import Problem

__all__ = ["Keeper", "check_solution", "cost_unit", "dual_bound", "exact_value"]

ONE = Fraction(1)
MISS = Fraction(1, 10**6)  # a row may be missed by this times its unit (`row_unit`)
VALUE_TOLERANCE = Fraction(1, 10**9)  # a claimed value may differ by this times the larger of 1 and the value
WHOLE_TOLERANCE = 1e-6  # a solver's whole number may be off by this before it is rounded
HALF_ULP = 2.0**-53


def check_solution(problem: Problem, x: ArrayLike, value: float | None = None) -> tuple[str, ...]:
    """What does not hold of `x` as a solution of `problem`, in words.

    Every float is taken as the rational number it is, so nothing is lost in adding up. A row holds when it misses its
    bound by at most 1e-6 times its unit (`row_unit`: its largest coefficient, at most 1): a caller who tightens rows
    scaled to 1 by 1e-5 gets true rows that hold without any tolerance (assumption A56). Column bounds
    and whole numbers must hold exactly, a value within 1e-9 of the larger of itself and the unit of the objective
    (`cost_unit`).

    Parameters
    ----------
    problem : Problem
        A sound problem (`check_problem` finds nothing).
    x : array_like, shape (column,)
        The claimed solution.
    value : float, optional
        Its claimed objective.

    Returns
    -------
    tuple of str
        One line for each thing that does not hold; empty for a good solution.
    """
    point = np.asarray(x, float)
    if point.shape != problem.objective.shape:
        return (f"the solution has shape {point.shape}, expected {problem.objective.shape}",)
    odd = np.flatnonzero(~np.isfinite(point))
    if odd.size:
        return tuple(f"column {column_name(problem, int(k))} is {point[k]}, expected a number" for k in odd)
    found = _column_misses(problem, point) + _row_misses(problem, point)
    if value is not None:
        exact = exact_value(problem.objective, point)
        if not np.isfinite(value) or abs(Fraction(value) - exact) > VALUE_TOLERANCE * max(
            cost_unit(problem, problem.objective), abs(exact)
        ):
            found.append(f"the value is given as {value:.12g}, the columns come to {float(exact):.12g}")
    return tuple(found)


def exact_value(coefficients: NDArray[np.float64], x: NDArray[np.float64]) -> Fraction:
    """The sum of coefficients times x, without rounding."""
    return sum((Fraction(coefficients[k]) * Fraction(x[k]) for k in np.flatnonzero(x)), Fraction(0))


def cost_unit(problem: Problem, cost: NDArray[np.float64]) -> Fraction:
    """The size below which values of an objective are not told apart relatively: 1, or what one unit of its dearest
    column costs (`column_unit`), rounded down to a power of two, where that is less."""
    largest = float(np.abs(cost * column_unit(problem)).max(initial=0.0))
    return Fraction(2) ** (math.frexp(largest)[1] - 1) if 0 < largest < 1 else ONE


def _column_misses(problem: Problem, x: NDArray[np.float64]) -> list[str]:
    """Columns outside their bounds, and parts of things that come whole."""
    outside = (x < problem.lower) | (x > problem.upper)
    found = [
        f"column {column_name(problem, int(k))} is {x[k]:.12g}, outside its bounds {problem.lower[k]:g} to "
        f"{problem.upper[k]:g}"
        for k in np.flatnonzero(outside)
    ]
    found.extend(
        f"column {column_name(problem, int(k))} is {x[k]:.12g}, expected a whole number"
        for k in np.flatnonzero(problem.integer & (x != np.round(x)))
    )
    return found


def _row_misses(problem: Problem, x: NDArray[np.float64]) -> list[str]:
    """Rows that miss a bound by more than the tolerance.

    Rows that hold by more than float rounding can hide are let through; the rest are added up exactly.
    """
    rows, unit = problem.rows, problem.row_units
    activity = rows @ x
    length = np.diff(rows.indptr)
    # Textbook bound for a sum of n rounded products, doubled; the bounds themselves are rounded once more below.
    error = 2 * (length + 4) * HALF_ULP * (abs(rows) @ np.abs(x) + unit)
    tolerance = float(MISS) * unit
    clear = np.ones(len(length), bool)
    for bound, side in ((problem.row_lower, 1), (problem.row_upper, -1)):
        rounding = 4 * HALF_ULP * np.abs(bound, where=np.isfinite(bound), out=np.zeros(len(bound)))
        clear &= side * (activity - bound) > error + rounding - tolerance  # a missing bound is always met
    found = []
    for i in np.flatnonzero(~clear):
        span = slice(rows.indptr[i], rows.indptr[i + 1])
        exact = exact_value(rows.data[span], x[rows.indices[span]])
        allowed = MISS * Fraction(unit[i])
        low, high = problem.row_lower[i], problem.row_upper[i]
        for bound, side, wanted in ((low, 1, "least"), (high, -1, "most")):
            if np.isfinite(bound) and side * (Fraction(bound) - exact) > allowed:
                found.append(
                    f"{named_row(problem, int(i))} comes to {float(exact):.12g}, expected at {wanted} {bound:.12g}"
                )
    return found


class Keeper:
    """Keeps the best point offered that passes the check; the first of several equally good ones.

    Attributes
    ----------
    x : ndarray or None, shape (column,)
        The best point so far, whole columns exactly whole.
    value : Fraction or None
        Its exact cost: what is minimised, also for a problem that maximises.
    unit : Fraction
        The size of its cost (`cost_unit`).
    refused : tuple of str
        Why points were not kept: the first reason of each.
    """

    def __init__(
        self,
        problem: Problem,
        cost: NDArray[np.float64],
        held: tuple[tuple[NDArray[np.float64], Fraction], ...] = (),
    ) -> None:
        """`held` are former costs and what each may come to at most."""
        self.problem, self.cost, self.held = problem, cost, held
        self.unit = cost_unit(problem, cost)
        self.x: NDArray[np.float64] | None = None
        self.value: Fraction | None = None
        self.refused: tuple[str, ...] = ()

    def offer(self, point: ArrayLike) -> None:
        """Round, check and, where it is the best so far, keep one point."""
        x = self._rounded(point)
        faults = check_solution(self.problem, x)
        if not faults and any(exact_value(cost, x) > limit for cost, limit in self.held):
            faults = ("it gives away what an earlier objective had reached",)
        if faults:
            self.refuse(faults[0])
            return
        value = exact_value(self.cost, x)
        if self.value is None or value < self.value:
            self.x, self.value = x, value

    def refuse(self, reason: str) -> None:
        """Note a point that is not kept."""
        self.refused = (*self.refused, reason)

    def _rounded(self, point: ArrayLike) -> NDArray[np.float64]:
        """Whole columns within 1e-6 of a whole number made whole, columns 1e-6 units outside a bound set on it."""
        x = np.array(point, float)
        if x.shape != self.problem.objective.shape or not np.isfinite(x).all():
            return x
        whole = np.round(x)
        x = np.where(self.problem.integer & (np.abs(x - whole) <= WHOLE_TOLERANCE), whole, x)
        inside = np.clip(x, self.problem.lower, self.problem.upper)
        # Adding 0 turns -0 into 0: equal solutions have equal bytes.
        allowed = WHOLE_TOLERANCE * np.maximum(column_unit(self.problem), np.abs(inside))
        return np.where(np.abs(inside - x) <= allowed, inside, x) + 0.0


def dual_bound(
    cost: NDArray[np.float64],
    rows: sparse.csr_array,
    row_bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    column_bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    duals: NDArray[np.float64],
) -> float | None:
    """A lower bound of cost·x over the relaxation that holds for any row duals, good or bad.

    y·(rows·x) + (cost − y·rows)·x with each part at its smallest within its bounds, less what float
    rounding can hide.

    Returns
    -------
    float or None
        None where a part has no bound on the side it leans to.

    References
    ----------
    Neumaier and Shcherbina, Safe bounds in linear and mixed-integer programming, Math. Program. 99 (2004) 283-296.
    """
    low, high = row_bounds
    leaning = np.where(duals > 0, low, high)
    y = np.where(np.isfinite(duals) & np.isfinite(leaning), duals, 0.0)
    leaning = np.where(y != 0, leaning, 0.0)
    reduced = cost - rows.T @ y
    most = int(np.bincount(rows.indices, minlength=1).max()) + 4
    error = 2 * most * HALF_ULP * (np.abs(cost) + abs(rows).T @ np.abs(y))
    parts = []
    for slope in (reduced - error, reduced + error):  # the true slope lies between: the smaller part of both holds
        bound = np.where(slope > 0, column_bounds[0], column_bounds[1])
        if not np.isfinite(bound[slope != 0]).all():
            return None
        parts.append(slope * np.where(slope != 0, bound, 0.0))
    terms = np.concatenate([y * leaning, np.minimum(*parts)])
    return float(terms.sum() - 2 * (terms.size + 4) * HALF_ULP * np.abs(terms).sum())

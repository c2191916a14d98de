"""The bare problem of the planning stage: a matrix, its bounds and what to make small or large."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quietwing.coverage.errors import InfeasiblePlanError, QuietwingError, ScenarioError
from quietwing.coverage.planning._problem_faults import (
    number_faults,
    shape_faults,
    unbounded_columns,
    unreachable_rows,
)
from quietwing.coverage.planning._problem_input import as_flags, as_numbers, as_rows, height_of, members_of
from quietwing.coverage.planning._problem_units import row_unit, tightened
from quietwing.sites import problems_text

__all__ = [
    "InfeasiblePlanError",
    "Problem",
    "QuietwingError",
    "ScenarioError",
    "check_problem",
    "demand_reachable",
    "demand_sound",
]


@dataclass(frozen=True, eq=False)
class Problem:
    """A mixed-integer linear problem: objective·x with row_lower <= rows·x <= row_upper and lower <= x <= upper.

    Everything given is copied and cannot be written to afterwards. Rows may be in any unit, raw powers in milliwatts
    included: each is scaled by itself before it is solved, and what may be missed of it is scaled with it
    (`row_unit`). Beside the largest coefficient of a row, or beside 1 where that is smaller, one below a billionth is
    taken into the bounds of the row if it can bring next to nothing, and refused if it can bring more.

    Attributes
    ----------
    objective : ndarray, shape (column,)
        What one unit of each column costs, or earns with `maximise`.
    rows : scipy.sparse.csr_array, shape (row, column)
        Given as any scipy.sparse matrix or as a dense array.
    row_lower, row_upper : ndarray, shape (row,)
        -inf and inf mean no bound.
    lower, upper : ndarray, shape (column,)
        Finite for integer columns.
    integer : ndarray of bool, shape (column,)
        One True or False for each column, not a list of column numbers.
    maximise : bool
    column_names, row_names : tuple of str
        For messages; empty means x0, x1, … and row 0, row 1, …
    tie_breaks : tuple of ndarray, each of shape (column,)
        Further objectives, each minimised in turn among the optima of those before it.

    Raises
    ------
    ScenarioError
        If an array holds anything but numbers, or `integer` anything but True and False. What else is wrong is said
        by `check_problem` and by `solve`, all of it at once.
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

    def __post_init__(self) -> None:
        for name in ("objective", "row_lower", "row_upper", "lower", "upper"):
            object.__setattr__(self, name, as_numbers(name, getattr(self, name)))
        object.__setattr__(self, "rows", as_rows(self.rows))
        object.__setattr__(self, "integer", as_flags("integer", self.integer))
        extras = (as_numbers(f"tie_breaks[{place}]", extra) for place, extra in enumerate(self.tie_breaks))
        object.__setattr__(self, "tie_breaks", tuple(extras))
        object.__setattr__(self, "column_names", tuple(self.column_names))
        object.__setattr__(self, "row_names", tuple(self.row_names))

    @cached_property
    def tight(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """`tightened`, worked out once: nothing here can change."""
        return tightened(self)

    @cached_property
    def row_units(self) -> NDArray[np.float64]:
        """`row_unit`, likewise."""
        return row_unit(self)

    @classmethod
    def covering(cls, costs: ArrayLike, sets: Sequence[Iterable[int]], elements: int | None = None) -> Problem:
        """The cheapest choice of sets that covers every element.

        Parameters
        ----------
        costs : array_like, shape (column,)
            What each set costs.
        sets : sequence of iterables of int
            ``sets[j]`` holds the elements of column j, whole numbers counted from 0.
        elements : int, optional
            How many elements there are. Without it they are 0 up to the largest one named. One that no set holds is
            a row that cannot be met.

        Returns
        -------
        Problem
            One binary column for each set, one row ``sum >= 1`` for each element.

        Raises
        ------
        ScenarioError
            If there are not as many costs as sets, or an element is no whole number, below 0 or not below `elements`.
        """
        prices, members = as_numbers("costs", costs), members_of(sets)
        _demand_one_cost_each(prices, len(members))
        height = height_of(members, elements)
        return cls(
            objective=prices,
            rows=_incidence(members, height),
            row_lower=np.ones(height),
            row_upper=np.full(height, np.inf),
            lower=np.zeros(len(members)),
            upper=np.ones(len(members)),
            integer=np.ones(len(members), bool),
            column_names=tuple(f"set {j}" for j in range(len(members))),
            row_names=tuple(f"element {i}" for i in range(height)),
        )

    @classmethod
    def maximal_covering(
        cls, weights: ArrayLike, sets: Sequence[Iterable[int]], budget: float, costs: ArrayLike | None = None
    ) -> Problem:
        """The choice of sets within a budget that covers the most weight.

        Parameters
        ----------
        weights : array_like, shape (element,)
            What covering each element is worth.
        sets : sequence of iterables of int
            As for `covering`.
        budget : float
            What the chosen sets may cost together.
        costs : array_like, optional, shape (set,)
            What each set costs; 1 without it, so that `budget` is how many may be chosen.

        Returns
        -------
        Problem
            One binary column for each set, then one for each element; one row for each element, then the budget.

        Raises
        ------
        ScenarioError
            As `covering`.

        References
        ----------
        Church and ReVelle, The maximal covering location problem, Papers Reg. Sci. Assoc. 32 (1974) 101-118.
        """
        worth, members = as_numbers("weights", weights), members_of(sets)
        prices = np.ones(len(members)) if costs is None else as_numbers("costs", costs)
        _demand_one_cost_each(prices, len(members))
        height, width = height_of(members, worth.size), len(members)
        covered = sparse.hstack([_incidence(members, height), -sparse.eye_array(height)])
        paid = sparse.csr_array(np.append(prices, np.zeros(height))[None])
        return cls(
            objective=np.append(np.zeros(width), worth),
            rows=sparse.csr_array(sparse.vstack([covered, paid])),
            row_lower=np.append(np.zeros(height), -np.inf),
            row_upper=np.append(np.full(height, np.inf), budget),
            lower=np.zeros(width + height),
            upper=np.ones(width + height),
            integer=np.ones(width + height, bool),
            maximise=True,
            column_names=(*(f"set {j}" for j in range(width)), *(f"cover {i}" for i in range(height))),
            row_names=(*(f"element {i}" for i in range(height)), "budget"),
        )


def _demand_one_cost_each(prices: NDArray[np.float64], sets: int) -> None:
    if prices.shape != (sets,):
        raise ScenarioError(
            f"costs of shape {prices.shape} for {sets} sets, expected one cost for each; give both in one order"
        )


def _incidence(members: Sequence[NDArray[np.int64]], height: int) -> sparse.csr_array:
    """1 where an element is in a set, shape (element, set)."""
    elements = np.concatenate([*members, np.empty(0, np.int64)])
    columns = np.repeat(np.arange(len(members)), [len(own) for own in members])
    return sparse.csr_array((np.ones(elements.size), (elements, columns)), shape=(height, len(members)))


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
    return (
        shape_faults(problem)
        or number_faults(problem)
        or tuple(unbounded_columns(problem))
        or unreachable_rows(problem)
    )


def demand_sound(problem: Problem) -> None:
    """Raise what keeps a problem from being read; whether it has a solution is another question.

    Raises
    ------
    ScenarioError
        With every fault of shapes, or every fault of numbers.
    """
    faults = shape_faults(problem) or number_faults(problem)
    if faults:
        raise ScenarioError(problems_text(faults))


def demand_reachable(problem: Problem) -> None:
    """Raise if some rows cannot be met by any choice.

    Raises
    ------
    InfeasiblePlanError
        With all of those rows.
    """
    faults = unreachable_rows(problem)
    if faults:
        raise InfeasiblePlanError(problems_text(faults))

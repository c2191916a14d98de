"""Whether an objective improves without end: a direction in which every row and bound holds for ever."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning._solver_process import Call, model_of
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.solution_check import Keeper, exact_value

__all__ = ["improving_direction"]

Floats = NDArray[np.float64]
LEAST_STEP = 1e-9  # a solver's number below this is a 0
MISS = Fraction(1, 10**9)  # of the sizes a row of a direction adds up, by which rounding may make it miss


def improving_direction(problem: Problem, cost: Floats, call: Call) -> Floats | None:
    """A direction d with cost·d < 0 along which rows and bounds never end, or None.

    Whole columns have finite bounds and stay, so d has parts in divisible columns without bound only. It is looked
    for with its parts between -1 and 1 and then checked in rationals, each row against what that row itself adds up.

    Parameters
    ----------
    problem : Problem
        A sound problem.
    cost : ndarray, shape (column,)
        To be made small.
    call : Call

    Returns
    -------
    ndarray or None, shape (column,)

    References
    ----------
    Meyer, On the existence of optimal solutions to integer and mixed-integer programming problems, Math. Program. 7
    (1974) 223-235: with rational data and a feasible point, unbounded exactly if its relaxation is.
    """
    free = np.flatnonzero(~problem.integer & (np.isinf(problem.lower) | np.isinf(problem.upper)))
    lower = np.where(np.isinf(problem.lower[free]), -1.0, 0.0)
    upper = np.where(np.isinf(problem.upper[free]), 1.0, 0.0)
    if not ((cost[free] * lower < 0) | (cost[free] * upper < 0)).any():
        return None
    rows = problem.rows[:, free]
    ahead = Problem(
        objective=cost[free],
        rows=rows,
        row_lower=np.where(np.isfinite(problem.row_lower), 0.0, -np.inf),
        row_upper=np.where(np.isfinite(problem.row_upper), 0.0, np.inf),
        lower=lower,
        upper=upper,
        integer=np.zeros(free.size, bool),
    )
    keeper = Keeper(ahead, ahead.objective)
    ended = call.run(model_of(ahead, ahead.objective), keeper, lambda _: None)
    if ended.how == "interrupt":
        raise KeyboardInterrupt
    if keeper.x is None:
        return None
    step = np.where(np.abs(keeper.x) < LEAST_STEP, 0.0, keeper.x)
    if not _leads_on(ahead, step):
        return None
    direction = np.zeros(problem.objective.shape)
    direction[free] = step
    return direction


def _leads_on(ahead: Problem, step: Floats) -> bool:
    """Whether a direction improves the cost and keeps every row, apart from rounding."""
    gained = exact_value(ahead.objective, step)
    if gained >= -MISS * exact_value(np.abs(ahead.objective), np.abs(step)):
        return False
    rows = ahead.rows
    for row in np.flatnonzero(abs(rows) @ np.abs(step)):
        part = slice(rows.indptr[row], rows.indptr[row + 1])
        change = exact_value(rows.data[part], step[rows.indices[part]])
        allowed = MISS * exact_value(np.abs(rows.data[part]), np.abs(step[rows.indices[part]]))
        if (ahead.row_lower[row] == 0 and change < -allowed) or (ahead.row_upper[row] == 0 and change > allowed):
            return False
    return True

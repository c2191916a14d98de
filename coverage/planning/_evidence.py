"""What the evidence of a solver supports: a bound, a status, a gap."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning._solver_process import Ended
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.solution_check import Keeper

if TYPE_CHECKING:
    from quietwing.coverage.planning.exact import Work

__all__ = ["Status", "gap_between", "judged", "step_of", "trusted_bound"]

Status = Literal["optimal", "feasible", "infeasible", "unbounded", "none found", "interrupted", "refused"]
Floats = NDArray[np.float64]

BOUND_TOLERANCE = Fraction(1, 10**6)  # value and bound this close, relative to the larger of 1 and them, are one
FINEST_STEP_DIGITS = 4  # decimals in which the step of an objective is looked for: pence, and tenths of a per cent
FLOAT_ERROR = 2.0**-50  # relative, of a decimal read as a float and moved by a power of ten


def gap_between(value: float, bound: float | None, unit: Fraction) -> float | None:
    """The relative gap, rounded up."""
    if bound is None:
        return None
    share = abs(Fraction(bound) - Fraction(value)) / max(abs(Fraction(value)), unit / 10**9)
    return math.ceil(share * 10**6) / 10**6


def step_of(problem: Problem, cost: Floats) -> Fraction | None:
    """The step of which every value of a cost is a multiple, None if there is none worth using."""
    paid = np.flatnonzero(cost)
    if not problem.integer[paid].all():
        return None
    most = np.maximum(np.abs(problem.lower[paid]), np.abs(problem.upper[paid]))
    for digits in range(FINEST_STEP_DIGITS + 1):
        units = cost[paid] * 10.0**digits
        whole = np.round(units)
        if np.abs(whole).max(initial=0) >= 2**53:
            return None
        step = Fraction(int(np.gcd.reduce(whole.astype(np.int64), initial=0)) or 1, 10**digits)
        # Prices such as 0.1 are no exact floats: off by rounding alone, and all together far below the step.
        off = np.abs(units - whole)
        if (off <= FLOAT_ERROR * np.abs(units)).all() and (off * most).sum() / 10.0**digits < float(step) / 1000:
            return step
    return None


def trusted_bound(
    bound: float | None, value: Fraction | None, step: Fraction | None, unit: Fraction
) -> Fraction | None:
    """A solver's bound raised to the next step and at most the value; None if it contradicts the value."""
    if bound is None:
        return None
    exact = Fraction(bound)
    tolerance = BOUND_TOLERANCE * max(unit, abs(exact))
    if step is not None and step > 4 * tolerance:
        exact = step * math.ceil((exact - tolerance) / step)
    if value is None:
        return exact
    if exact > value + BOUND_TOLERANCE * max(unit, abs(value)):
        return None
    return min(exact, value)


def judged(
    keeper: Keeper, ended: Ended, step: Fraction | None, gap: float, work: Work
) -> tuple[Status, Fraction | None, list[str]]:
    """Status and bound that the evidence supports, and what a reader should know."""
    notes = []
    value, bound = keeper.value, trusted_bound(ended.bound, keeper.value, step, keeper.unit)
    if keeper.refused:
        notes.append(f"{len(keeper.refused)} point(s) of the solver refused, the first because {keeper.refused[0]}")
    if ended.bound is not None and bound is None:
        notes.append("the solver's bound was refused: a solution that holds is better than it")
    if ended.how == "deadline":
        notes.append(f"the deadline of {work.deadline_s:g} s ended the work; another run may differ")
    elif ended.how == "crash":
        notes.append(f"the solver failed ({ended.complaint}); what it had found until then is kept")
    elif ended.how == "interrupt":
        notes.append("interrupted; what was found until then is kept")
        return "interrupted", bound, notes
    elif ended.status == "limit":
        notes.append(f"the search ended after its {work.nodes} nodes")
    elif ended.status not in ("optimal", "infeasible"):
        notes.append(f"the solver ended with the word {ended.status!r}")
    if value is None:
        proven = ended.how == "itself" and ended.status == "infeasible" and not keeper.refused
        return ("infeasible" if proven else "refused" if keeper.refused else "none found"), bound, notes
    if ended.how == "itself" and ended.status == "infeasible":
        notes.append("the solver reported infeasible, but a feasible plan is known; its report is ignored")
        return "feasible", None, notes
    if ended.how == "itself" and ended.status == "optimal":
        reported = None if ended.value is None else Fraction(ended.value)
        if reported is not None and abs(reported - value) > BOUND_TOLERANCE * max(keeper.unit, abs(value)):
            notes.append(
                f"the solver gives {float(reported):.12g} as its cost, the best point kept costs {float(value):.12g}"
            )
        apart = None if bound is None else value - bound
        if ended.nodes > work.nodes:
            notes.append(f"the solver's proof is ignored: {ended.nodes} nodes, {work.nodes} allowed")
        elif apart is not None and apart <= BOUND_TOLERANCE * max(keeper.unit, abs(value)):
            return "optimal", value, notes
        elif apart is not None and apart <= Fraction(gap) * abs(value) * (1 + BOUND_TOLERANCE):
            notes.append(f"the search ended within the gap of {gap:g} asked for")
        else:
            notes.append("the solver's proof is ignored: its bound does not meet the value")
    return "feasible", bound, notes

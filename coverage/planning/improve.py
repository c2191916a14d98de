"""A plan made better by the solver among what good plans use, and how far anything better could go.

The relaxation with cuts (`cuts`) says which candidates are worth having, each in some measure. Among these and those
of the plan a solver finds the best choice of whole ones; what it proves there is no bound of the model, which the
relaxation gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.errors import InfeasiblePlanError
from quietwing.coverage.planning.cuts import CutWork, Reduced, with_cuts
from quietwing.coverage.planning.exact import Work, solve
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.milp import Goal, as_problem, cover_rows, selection_of, start_of
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import better, score

__all__ = ["Improved", "branches", "improve", "relaxed"]

MOST_BRANCHES = 8


@dataclass(frozen=True)
class Improved:
    """What came of it.

    Attributes
    ----------
    found : Found
        The plan given, or a better one.
    bound : float or None
        No plan of the model is better: weight, or pence for a target. None where it is not known.
    reproducible : bool
        False where a clock ended the work.
    """

    found: Found
    bound: float | None
    reproducible: bool


def improve(model: PlanModel, goal: Goal, found: Found, cuts: CutWork, nodes: int) -> Improved:
    """The best plan among what relaxations use, and the bound of the model.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    found : Found
        A plan that holds.
    cuts : CutWork
        For each number of head-ends.
    nodes : int
        Of the solver, likewise.

    Returns
    -------
    Improved
    """
    best, bounds, reproducible = found, list[float | None](), True
    for problem in branches(model, goal):
        reduced = relaxed(model, problem, cuts)
        bounds.append(None if reduced is None else reduced.bound)
        if reduced is None:
            continue
        reproducible &= reduced.reproducible
        if reduced.reproducible and _may_be_better(best, reduced.bound, goal):
            solved, in_time = _solved(model, reduced, best, nodes)
            reproducible &= in_time
            best = solved if solved is not None and better(solved.score, best.score, goal) else best
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds):
        return Improved(best, None, reproducible)
    none = -math.inf if goal.target is None else math.inf
    return Improved(best, (max if goal.target is None else min)(known, default=none), reproducible)


def relaxed(model: PlanModel, problem: Problem, cuts: CutWork) -> Reduced | None:
    """The relaxation of a branch; None where there is nothing to choose."""
    if not problem.rows.shape[1]:
        return None
    return with_cuts(problem, cover_rows(model, problem), cuts)


def branches(model: PlanModel, goal: Goal) -> Iterator[Problem]:
    """The model for each number of head-ends: together they bound it, and each is tighter."""
    problem = as_problem(model, goal, interplay=False, ties=False)
    kinds = len(model.head_ends.name)
    first = len(problem.lower) - kinds
    most = problem.upper[first:].astype(int)
    if goal.budget_pence is not None:
        price = np.maximum(model.head_ends.cost_pence, 1)
        most = np.minimum(most, goal.budget_pence // price)
    counts = list(product(*(range(int(top) + 1) for top in most.tolist())))
    if len(counts) > MOST_BRANCHES:
        yield problem
        return
    for count in counts:
        lower, upper = problem.lower.copy(), problem.upper.copy()
        lower[first:] = upper[first:] = count
        yield replace(problem, lower=lower, upper=upper)


def _may_be_better(found: Found, bound: float | None, goal: Goal) -> bool:
    """Whether a bound leaves room above the plan."""
    if bound is None or not math.isfinite(bound):
        return bound is None
    if goal.target is not None and found.score.weight >= goal.target:
        return bound < found.score.cost_pence - 0.5
    return goal.target is not None or bound > found.score.weight + 1e-6


def _solved(model: PlanModel, reduced: Reduced, found: Found, nodes: int) -> tuple[Found | None, bool]:
    """The solver's plan among the columns that the relaxation and the plan use, and whether no clock ended it."""
    problem, count = reduced.problem, len(model.candidates)
    start = start_of(model, found.selection, found.score.protected, interplay=False)
    kept: NDArray[np.bool_] = reduced.used | (start > 0) | (problem.lower > 0)
    kept[:count] |= model.candidates.existing
    kept[count:] = True
    fits = bool(((start >= problem.lower) & (start <= problem.upper)).all())
    among = replace(problem, upper=np.where(kept, problem.upper, 0.0))
    try:
        solution = solve(among, start=start if fits else None, work=Work(nodes=nodes, deadline_s=300.0))
    except InfeasiblePlanError:
        return None, True
    if solution.status == "interrupted":
        raise KeyboardInterrupt
    if solution.x is None:
        return None, solution.reproducible
    selection = selection_of(model, solution.x, interplay=False)
    return Found(selection, score(model, selection)), solution.reproducible

"""A plan made better by the solver among what good plans use, and an upper bound on what any plan could reach.

The relaxation with cuts (`cuts`) says which candidates are worth having, each in some measure. Among these and those
of the plan a solver looks for the best choice of whole ones, part by part (`neighbourhoods`); what it proves there is
no bound of the model, which the relaxation gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.cover_rows import cover_rows
from quietwing.coverage.planning.cuts import CutWork, Reduced, Relaxing
from quietwing.coverage.planning.exact import Work, solve
from quietwing.coverage.planning.heuristic import Found, kept_below
from quietwing.coverage.planning.milp import Goal, as_problem, selection_of, start_of
from quietwing.coverage.planning.neighbourhoods import improve_in_neighbourhoods
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import better, score

__all__ = ["Improved", "Relaxations", "improve"]

MOST_BRANCHES = 8
OTHERWISE = Work(nodes=1, deadline_s=300.0)  # with another number of head-ends than a plan has
LEAST_TAKEN = 1e-4  # of a limit: a hundred such candidates take a hundredth of it


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


class Relaxations:
    """The relaxations of a model, one for each number of head-ends; a child begins with the first of them at once.

    To be used with ``with``: leaving stops the child.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    cuts : CutWork
        For each number of head-ends.
    """

    def __init__(self, model: PlanModel, goal: Goal, cuts: CutWork) -> None:
        self._model, self._goal, self._cuts = model, goal, cuts
        self._problems = tuple(_branches(model, goal))
        self._begun = self._relaxing(self._problems[0])
        self._found: tuple[Reduced | None, ...] | None = None

    def __enter__(self) -> Relaxations:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._begun is not None:
            self._begun.__exit__(kind, error, trace)

    def each(self) -> tuple[Reduced | None, ...]:
        """What came of each; None where there is nothing to choose."""
        if self._found is None:
            first = None if self._begun is None else self._begun.reduced()
            self._found = (first, *(self._relaxed(problem) for problem in self._problems[1:]))
        return self._found

    def problems(self) -> tuple[Problem, ...]:
        """The problem of each."""
        return self._problems

    def bound(self) -> float | None:
        """No plan of the model is better: weight, or pence for a target. None where it is not known."""
        most = self._goal.target is None
        bounds = [0.0 if one is None else one.bound for one in self.each()]
        known = [bound for bound in bounds if bound is not None]
        return None if len(known) < len(bounds) else (max if most else min)(known)

    def _relaxing(self, problem: Problem) -> Relaxing | None:
        if not problem.rows.shape[1]:
            return None
        return Relaxing(problem, cover_rows(self._model, problem), self._cuts)

    def _relaxed(self, problem: Problem) -> Reduced | None:
        child = self._relaxing(problem)
        if child is None:
            return None
        with child:
            return child.reduced()


def improve(
    model: PlanModel,
    goal: Goal,
    found: Found,
    relaxations: Relaxations,
    parts: int,
    seed: int = 1,
    late: Callable[[], bool] = lambda: False,
) -> Improved:
    """The best plan among what relaxations use, and the bound of the model.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    found : Found
        A plan that holds.
    relaxations : Relaxations
        Of this model.
    parts : int
        Of the plan that are chosen anew, for its number of head-ends (`neighbourhoods`); for another number the
        solver is asked once.
    seed : int
        Of the parts.
    late : callable, optional
        Whether the time is over.

    Returns
    -------
    Improved
    """
    best, reproducible = found, True
    start = start_of(model, found.selection, found.score.protected, interplay=False)
    for problem, reduced in zip(relaxations.problems(), relaxations.each(), strict=True):
        if reduced is None:
            continue
        reproducible &= reduced.reproducible
        if not reduced.reproducible or not _may_be_better(best, reduced.bound, goal):
            continue
        if ((start >= problem.lower) & (start <= problem.upper)).all():
            other, in_time = improve_in_neighbourhoods(model, goal, reduced, found, parts, seed, late)
        else:
            solved, in_time = _solved(model, reduced)
            other = best if solved is None else solved
        reproducible &= in_time
        best = other if better(other.score, best.score, goal) else best
    return Improved(best, relaxations.bound(), reproducible)


def _branches(model: PlanModel, goal: Goal) -> Iterator[Problem]:
    """The model for each number of head-ends: together they bound it, and each is tighter."""
    problem = as_problem(model, goal, interplay=False, ties=False, least_taken=LEAST_TAKEN)
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


def _solved(model: PlanModel, reduced: Reduced) -> tuple[Found | None, bool]:
    """The solver's plan among the columns that the relaxation uses, and whether no clock ended it."""
    problem, count = reduced.problem, len(model.candidates)
    kept: NDArray[np.bool_] = reduced.used | (problem.lower > 0)
    kept[:count] |= model.candidates.existing
    kept[count:] = True
    among = replace(problem, upper=np.where(kept, problem.upper, 0.0))
    solution = solve(among, work=OTHERWISE)
    if solution.status == "interrupted":
        raise KeyboardInterrupt
    if solution.x is None:
        return None, solution.reproducible
    selection = kept_below(model, selection_of(model, solution.x, interplay=False))
    return Found(selection, score(model, selection)), solution.reproducible

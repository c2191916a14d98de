"""A plan made better by the solver among what good plans use, and an upper bound on what any plan could reach.

The relaxation with cuts (`cuts`) says which candidates are worth having, each in some measure. Among these and those
of the plan a solver looks for the best choice of whole ones (relaxation-induced neighbourhood search: Danna,
Rothberg, Le Pape, Math. Programming 102, 2005). What it proves there is no bound of the model: the relaxation's is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.planning.cover_rows import cover_rows
from quietwing.coverage.planning.cuts import CutWork, Reduced, Relaxing
from quietwing.coverage.planning.exact import Work, solve
from quietwing.coverage.planning.heuristic import Found, kept_below
from quietwing.coverage.planning.milp import Goal, as_problem, selection_of, start_of
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import better, score

__all__ = ["NEAR_ENOUGH", "Improved", "Relaxations", "improve"]

MOST_BRANCHES = 8
CHOICE = Work(nodes=1, deadline_s=300.0)  # by trial on houseblock: more nodes bring no room and take as long again
CHOICE_GAP = 0.01  # of a choice, below which it ends: of the rooms that the model claims more differ in the worlds
MISSED = 1e-6  # by which a solution breaks a row that it was not told of
NEAR_ENOUGH = 0.05  # assumed: gap at which normal begins no further search, and thorough makes no bound tighter
LITTLE_LOST = 0.02  # of what a choice claims, for which no other is asked for (assumed)
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

    @property
    def known(self) -> bool:
        """Whether all of them are worked out, so that nothing has to be waited for."""
        return self._found is not None

    def problems(self) -> tuple[Problem, ...]:
        """The problem of each."""
        return self._problems

    def bound(self, found: Found | None = None, nodes: int = 0) -> float | None:
        """No plan of the model is better: weight, or pence for a target. None where it is not known.

        With a plan and `nodes` the solver goes on from each relaxation that leaves room above the plan, so many nodes
        of branch and bound, until the bound is near enough: its rows and cuts leave every plan in, and whole choices
        among them are worth less than parts of them.
        """
        most = self._goal.target is None
        bounds = [0.0 if one is None else one.bound for one in self.each()]
        if found is not None and nodes:
            bounds = [
                self._of_whole(one, found, nodes) if one and _may_be_better(found, bound, self._goal) else bound
                for one, bound in zip(self.each(), bounds, strict=True)
            ]
        known = [bound for bound in bounds if bound is not None]
        return None if len(known) < len(bounds) else (max if most else min)(known)

    def _of_whole(self, reduced: Reduced, found: Found, nodes: int) -> float | None:
        """The bound of whole choices; that of the relaxation where it is better, or a clock ended the work."""
        part, most = reduced.problem, self._goal.target is None
        start = start_of(self._model, found.selection, found.score.protected, interplay=False)
        holds = bool(((start >= part.lower) & (start <= part.upper)).all())
        work = Work(nodes, CHOICE.deadline_s, bound_alone=True)
        solution = solve(part, start=start if holds else None, work=work, gap=NEAR_ENOUGH)
        if solution.status == "interrupted":
            raise KeyboardInterrupt
        if solution.bound is None or reduced.bound is None or not solution.reproducible:
            return reduced.bound
        return (min if most else max)(solution.bound, reduced.bound)

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
    choices: int,
    late: Callable[[], bool] = lambda: False,
) -> Improved:
    """The best plan among what relaxations and the plan given use, and the bound of the model.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    found : Found
        A plan that holds.
    relaxations : Relaxations
        Of this model.
    choices : int
        How often the solver is asked at most, for the number of head-ends that the plan has: first with the rows that
        the relaxation needed, for with all of them it takes up to five times as long; then, where its last choice
        loses more than a little by rows that it breaks, with those too. For another number of head-ends it is asked
        once.
    late : callable, optional
        Whether the time is over; asked before each choice.

    Returns
    -------
    Improved

    Raises
    ------
    KeyboardInterrupt
        After the solver was stopped.
    """
    best, reproducible = found, True
    for problem, reduced in zip(relaxations.problems(), relaxations.each(), strict=True):
        if reduced is None:
            continue
        reproducible &= reduced.reproducible
        if not reduced.reproducible or not _may_be_better(best, reduced.bound, goal):
            continue
        other, in_time = _chosen_anew(model, goal, problem, reduced, found, choices, late)
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


def _chosen_anew(
    model: PlanModel,
    goal: Goal,
    problem: Problem,
    reduced: Reduced,
    found: Found,
    choices: int,
    late: Callable[[], bool],
) -> tuple[Found, bool]:
    """The best of a plan and the solver's choices; whether no clock ended one."""
    count, part, best, in_time = len(model.candidates), reduced.problem, found, True
    for _ in range(choices):
        if late():
            break
        start = start_of(model, best.selection, best.score.protected, interplay=False)
        holds = bool(((start >= part.lower) & (start <= part.upper)).all())
        kept: NDArray[np.bool_] = reduced.used | (part.lower > 0) | (holds & (start > 0))
        kept[:count] |= model.candidates.existing
        kept[count:] = True
        among = replace(part, upper=np.where(kept, part.upper, 0.0))
        solution = solve(among, start=start if holds else None, work=CHOICE, gap=CHOICE_GAP)
        if solution.status == "interrupted":
            raise KeyboardInterrupt
        in_time &= solution.reproducible
        if solution.x is None:
            break
        selection = kept_below(model, selection_of(model, solution.x, interplay=False))
        other = Found(selection, score(model, selection))
        best = other if better(other.score, best.score, goal) else best
        given = problem.rows @ solution.x
        missed = np.flatnonzero((given < problem.row_lower - MISSED) | (given > problem.row_upper + MISSED))
        if not (holds and len(missed)) or _loses_little(other, solution.value, goal):
            break
        part = _with_rows(part, problem, missed)
    return best, in_time


def _loses_little(found: Found, claimed: float | None, goal: Goal) -> bool:
    """Whether the model allows nearly all that a choice among some of its rows claimed; never said of money."""
    return goal.target is None and claimed is not None and found.score.weight >= (1 - LITTLE_LOST) * claimed


def _with_rows(part: Problem, whole: Problem, rows: NDArray[np.intp]) -> Problem:
    """A problem with further rows of the whole one."""
    return replace(
        part,
        rows=sparse.csr_array(sparse.vstack([part.rows, whole.rows[rows]])),
        row_lower=np.concatenate([part.row_lower, whole.row_lower[rows]]),
        row_upper=np.concatenate([part.row_upper, whole.row_upper[rows]]),
        row_names=(*part.row_names, *(whole.row_names[row] for row in rows.tolist())),
    )

"""A bound on what any plan could reach in the model: a proof where it is small, else a relaxation's bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from quietwing.coverage.planning.cuts import CutWork
from quietwing.coverage.planning.exact import Work, solve
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.improve import Relaxations
from quietwing.coverage.planning.milp import Goal, as_problem, selection_of, start_of
from quietwing.coverage.planning.plan import Status
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import score

__all__ = ["SMALL_CANDIDATES", "BoundAhead", "Certificate", "certify", "gap_of", "uncertified"]

SMALL_CANDIDATES = 40  # up to which a proof is tried
PROOF = Work(nodes=2_000, deadline_s=60.0)
CUTS = CutWork(iterations=60_000, rounds=8)


@dataclass(frozen=True)
class Certificate:
    """What is known of the best value in the planning model.

    Attributes
    ----------
    status : str
        ``optimal``, ``feasible`` or ``interrupted``.
    value, bound : float or None
        Weight, or pounds for a target.
    improved : Found or None
        A better plan that the proof came upon.
    target_impossible : bool
        No money buys the target from these positions and this catalogue.
    reproducible : bool
    notes : tuple of str
    """

    status: Status
    value: float | None
    bound: float | None
    improved: Found | None
    target_impossible: bool
    reproducible: bool
    notes: tuple[str, ...]


def uncertified(found: Found, goal: Goal) -> Certificate:
    """What is known of a plan as long as no bound is."""
    met = goal.target is None or found.score.weight >= goal.target
    value = found.score.weight if goal.target is None else found.score.cost_pence / 100
    return Certificate("feasible", value if met else None, None, None, False, True, ())


def certify(
    model: PlanModel,
    goal: Goal,
    found: Found,
    *,
    interrupted: bool = False,
    known: float | None = None,
    cuts: CutWork = CUTS,
) -> Certificate:
    """Bound the planning model and compare the plan found with it.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    found : Found
    interrupted : bool
        Nothing more is computed.
    known : float, optional
        A bound of the model that is known already: weight, or pence for a target.
    cuts : CutWork, optional

    Returns
    -------
    Certificate
    """
    value = uncertified(found, goal).value
    if value is None:  # a target is missed
        most = _most_weight(model, cuts)
        impossible = most is not None and goal.target is not None and most < goal.target - 1e-9
        note = (
            () if most is None else (f"in the planning model no money protects more than {math.floor(most + 1e-6)}",)
        )
        return Certificate("feasible", None, None, None, impossible, True, note)
    if interrupted and known is None:
        return Certificate("feasible", value, None, None, False, False, ("no bound was computed: interrupted",))
    if len(model.candidates) <= SMALL_CANDIDATES and not interrupted:
        return _proof(model, goal, found, value)
    known = _relaxation(model, goal, cuts) if known is None else known
    notes: tuple[str, ...] = ()
    if known is None or not math.isfinite(known):  # the safety net of the clock
        notes = ("the relaxation took too long: the bound is what any money protects",)
        known = float(model.weight[model.possible.any(axis=1)].sum()) if goal.target is None else 0.0
    bound = _rounded(model, goal, known)
    bound = max(bound, value) if goal.target is None else min(bound, value)
    return Certificate("optimal" if bound == value else "feasible", value, bound, None, False, not notes, notes)


class BoundAhead:
    """The bound of one planning model at a time, worked on by a child while its parent goes on.

    To be used with ``with``: leaving stops the child.

    Parameters
    ----------
    goal : Goal
    cuts : CutWork
    """

    def __init__(self, goal: Goal, cuts: CutWork) -> None:
        self._goal, self._cuts = goal, cuts
        self._model: PlanModel | None = None
        self._relaxations: Relaxations | None = None

    def __enter__(self) -> BoundAhead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def begin(self, model: PlanModel) -> None:
        """Work on the bound of a model, and no longer on that of another; a small one is proven in no time."""
        if self._model is model:
            return
        self.stop()
        if len(model.candidates) > SMALL_CANDIDATES:
            self._model, self._relaxations = model, Relaxations(model, self._goal, self._cuts)

    def interrupt(self) -> None:
        """Work on nothing more; what a relaxation has proven by then stays."""
        if self._relaxations is None or not self._relaxations.known:
            self.stop()

    def stop(self) -> None:
        """Give up what is not asked for any more."""
        if self._relaxations is not None:
            self._relaxations.__exit__(None, None, None)
        self._model = self._relaxations = None

    def of(self, model: PlanModel, found: Found | None = None, nodes: int = 0) -> float | None:
        """Wait for the bound of a model: weight, or pence for a target; None where it was not begun, or failed.

        With a plan and `nodes` as of `Relaxations.bound`.
        """
        if self._relaxations is None or self._model is not model:
            return None
        return self._relaxations.bound(found, nodes)


def gap_of(value: float | None, bound: float | None) -> float | None:
    """The difference of value and bound as a share of the value, rounded up; None where one of them says nothing."""
    if value is None or bound is None:
        return None
    if bound == value:
        return 0.0
    return math.ceil(abs(bound - value) / abs(value) * 1000 - 1e-9) / 1000 if value else None  # of nothing no share


def _proof(model: PlanModel, goal: Goal, found: Found, value: float) -> Certificate:
    """The exact optimum, started from the plan found."""
    problem = as_problem(model, goal, ties=False)
    if _nothing_to_choose(problem):
        return Certificate("optimal", value, value, None, False, True, ())
    solution = solve(problem, start=start_of(model, found.selection, found.score.protected), work=PROOF)
    bound = solution.bound if goal.target is None or solution.bound is None else solution.bound / 100
    better = found
    if solution.x is not None:
        selection = selection_of(model, solution.x)
        better = Found(selection, score(model, selection))
    best = better.score.weight if goal.target is None else better.score.cost_pence / 100
    proven = solution.status == "optimal" and best == value == bound
    status: Status = "interrupted" if solution.status == "interrupted" else "optimal" if proven else "feasible"
    return Certificate(
        status, value, bound, better if best != value else None, False, solution.reproducible, solution.notes
    )


def _nothing_to_choose(problem: Problem) -> bool:
    """Every device for sale breaks a limit wherever it may stand, and no treatment helps."""
    return bool(problem.rows.shape[1] == 0)


def _rounded(model: PlanModel, goal: Goal, bound: float) -> float:
    """Whole weights give whole sums, and money is in pence."""
    if goal.target is not None:
        return math.ceil(bound - 1e-6) / 100
    weights = model.weight[model.weight > 0]
    if len(weights) and np.array_equal(weights, np.round(weights)):
        return float(math.floor(bound + 1e-6))
    return bound


def _most_weight(model: PlanModel, cuts: CutWork) -> float | None:
    """What no money can exceed."""
    known = _relaxation(model, Goal(), cuts)
    return None if known is None else max(known, 0.0)


def _relaxation(model: PlanModel, goal: Goal, cuts: CutWork) -> float | None:
    """The bound of the model over all numbers of head-ends, None where one of them has none."""
    with Relaxations(model, goal, cuts) as relaxations:
        return relaxations.bound()

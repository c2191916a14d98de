"""One search: the best plan found in a planning model, and the same plan as strong as the worlds allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.attempts import LookOutside, Searched
from quietwing.coverage.planning.bounds import SMALL_CANDIDATES
from quietwing.coverage.planning.corrections import next_slack_db
from quietwing.coverage.planning.cut_down import cut_down
from quietwing.coverage.planning.cuts import CutWork
from quietwing.coverage.planning.heuristic import Found, kept_below, search
from quietwing.coverage.planning.improve import NEAR_ENOUGH, Relaxations, improve
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.paid_anyway import goal_of, missing_for_anything
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.score import score
from quietwing.coverage.planning.search_space import SearchSpace
from quietwing.coverage.planning.warm_start import WarmStart, selected

__all__ = ["EFFORTS", "Effort", "find_plan", "given_in", "slack_told_db", "with_limits_used"]

MOST_TURNS = 4  # of a search, between which limits outside are added to the model
MOVES_OF_A_CANDIDATE = 2_000  # at most: on a small site more find nothing more (found by trial)
LEAST_RAISE_DB = 0.5  # by which jammers are made stronger, or the plan is left as it is
RAISE_SPARE_DB = 0.5  # assumed: left below the limits when they are, so that other worlds keep them too


@dataclass(frozen=True)
class Effort:
    """Counted work. The first searches of every effort are the quick one's: on the worlds of choice none has less.

    Attributes
    ----------
    attempts : int
        At most, a plan to start from among them.
    every_move : int
        Of the annealing, of all attempts together: a large site has fewer of them.
    moves : int
        At most, of each search.
    cuts : CutWork
        The relaxation's work.
    choices : int
        Of the solver, at most, each with the rows that the one before broke.
    nodes : int
        Of branch and bound, by which the bound is made tighter than the relaxation's; 0: none.
    gap : float or None
        Between a plan and its bound, at which no further search is begun.
    """

    attempts: int
    every_move: int
    moves: int
    cuts: CutWork
    choices: int
    nodes: int = 0
    gap: float | None = None

    def moves_of(self, model: PlanModel) -> int:
        """Of each search of a model."""
        return min(self.moves, MOVES_OF_A_CANDIDATE * len(model.candidates))

    def searches_of(self, model: PlanModel) -> int:
        """How many searches of a model there are moves for, one at least."""
        return max(self.every_move // max(self.moves_of(model), 1), 1)


EFFORTS = {
    "quick": Effort(1, 600_000, 600_000, CutWork(30_000, 10), 2),
    "normal": Effort(5, 1_200_000, 600_000, CutWork(60_000, 12), 2, gap=NEAR_ENOUGH),
    "thorough": Effort(12, 9_000_000, 1_500_000, CutWork(150_000, 30), 4, 1),
}
NO_SEARCH = Effort(1, 1, 1, CutWork(1, 1), 1)  # where no plan but what stands can be paid for


def find_plan(
    here: SearchSpace,
    slack_db: float,
    reserve_db: NDArray[np.float64],
    goal: Goal,
    start: WarmStart | Searched | None,
    effort: Effort,
    told: Callable[[float], None],
    late: Callable[[], bool],
) -> Searched:
    """The best plan found in a planning model, to which those limits outside are added that plans break.

    Parameters
    ----------
    here : SearchSpace
    slack_db : float
        By which limits are moved; further where no room can be had under them.
    reserve_db : float64 ndarray, shape (room,)
        That of the search space.
    goal : Goal
    start : WarmStart or Searched or None
        A plan to begin with.
    effort : Effort
    told : callable
        Called with the share done.
    late : callable
        Whether the time is over.

    Returns
    -------
    Searched
    """
    model, alive, slack_db = here.model_of_some(slack_db)
    plan = None
    if start is not None:
        plan = _carried(model, start) if isinstance(start, Searched) else selected(model, start)
        plan = None if plan is None else cut_down(model, plan, goal)
    nothing = missing_for_anything(here.inputs) > 0
    effort = NO_SEARCH if nothing else effort
    by_solver = len(model.candidates) > SMALL_CANDIDATES and not late() and not nothing
    with Relaxations(model, goal, effort.cuts) if by_solver else nullcontext() as relaxations:
        here, model, found, reproducible = _found_in(
            here, model, alive, plan, slack_db, goal, effort, relaxations, told, late
        )
        # The bound of another target bounds nothing that was asked for.
        bound = relaxations.bound() if relaxations is not None and goal == goal_of(here.inputs) else None
    if nothing:
        bound = found.score.weight
    sent, unused_db = here.lift(model, alive, found.selection, slack_db)
    return Searched(here, model, alive, found, sent, slack_db, reserve_db, bound, reproducible, unused_db)


def _found_in(
    here: SearchSpace,
    model: PlanModel,
    alive: NDArray[np.int64],
    plan: Selection | None,
    slack_db: float,
    goal: Goal,
    effort: Effort,
    relaxations: Relaxations | None,
    told: Callable[[float], None],
    late: Callable[[], bool],
) -> tuple[SearchSpace, PlanModel, Found, bool]:
    """A plan of a model, which rows are added to until it breaks none; a bound of fewer rows is one of more."""
    seed, reproducible = here.inputs.scenario.seed, True
    moves = effort.moves_of(model)
    for turn in range(MOST_TURNS):
        part = moves if turn == 0 else moves // MOST_TURNS
        found = search(
            model,
            goal,
            start=plan,
            moves=part,
            seed=seed + turn,
            anew=turn == 0,
            progress=lambda share, _weight, turn=turn: told((turn + share) / MOST_TURNS),  # type: ignore[misc]
            interrupted=late,
        )
        if relaxations is not None and turn == 0 and not late():
            other = here.inputs.worked_out.staying
            if other is not None:
                other.ask(LookOutside(*here.layout(model, found.selection)))
            improved = improve(model, goal, found, relaxations, effort.choices, late)
            start = improved.found.selection
            found = search(model, goal, start=start, moves=part // MOST_TURNS, seed=seed, anew=False)
            reproducible = improved.reproducible
        known = model
        here, model, found = _completed(here, model, alive, found, slack_db)
        if model is known:
            break
        plan = found.selection
    return here, model, found, reproducible


def _completed(
    here: SearchSpace, model: PlanModel, alive: NDArray[np.int64], found: Found, slack_db: float
) -> tuple[SearchSpace, PlanModel, Found]:
    """A model with all rows that a plan breaks, and what is left of the plan if limits are among them."""
    while (wider := here.with_missed(model, alive, found, slack_db)) is not None:
        here, model, over = wider
        plan = kept_below(model, found.selection) if over else found.selection
        found = Found(plan, score(model, plan))
    return here, model, found


def with_limits_used(before: Searched, found_db: Sequence[tuple[float, float]]) -> Searched | None:
    """The same plan with jammers as strong as the worlds left room for outside.

    Its planning model stays: what it takes of the limits there is what rooms need, the rest makes them hold.

    Parameters
    ----------
    before : Searched
        As it was found.
    found_db : sequence of tuple
        Slacks that the plan was tried with, in order, and the margins outside that came of them.

    Returns
    -------
    Searched or None
        None where that would change little.
    """
    slack_db = slack_told_db(next_slack_db(found_db) - RAISE_SPARE_DB)
    if abs(slack_db - found_db[-1][0]) < LEAST_RAISE_DB or slack_db < before.slack_db + LEAST_RAISE_DB:
        return None
    if not before.found.selection.candidates:
        return None
    sent, unused_db = before.space.lift(before.model, before.alive, before.found.selection, slack_db)
    held_back_db = slack_db - before.slack_db
    return replace(before, sent=sent, slack_db=slack_db, unused_db=unused_db, held_back_db=held_back_db)


def given_in(before: Searched, warm_start: WarmStart) -> Searched | None:
    """A layout given, in the planning model of a search, or in that with limits moved as for what was sent.

    Parameters
    ----------
    before : Searched
    warm_start : WarmStart
        The layout, as strong as it is sent.

    Returns
    -------
    Searched or None
        None where the model does not allow it, or where it would take long to find out.
    """
    plan = selected(before.model, warm_start)
    if plan is not None and not score(before.model, plan).broken:
        slack_db = round(before.slack_db - before.held_back_db, 2)  # the model's own: nothing is made stronger
        own = replace(before, slack_db=slack_db, held_back_db=0.0)
        return replace(own, found=Found(plan, score(before.model, plan)), sent=before.model, unused_db=0.0)
    if before.space.candidates.is_mas.any():
        return None  # rows of managed access take minutes to put together
    model, alive = before.space.model(before.slack_db)
    plan = selected(model, warm_start)
    if plan is None:
        return None
    here, model, found = _completed(before.space, model, alive, Found(plan, score(model, plan)), before.slack_db)
    if found.selection != plan or found.score.broken:
        return None
    moved = replace(before, space=here, model=model, alive=alive, bound=None, held_back_db=0.0)
    return replace(moved, found=found, sent=model, unused_db=0.0)


def slack_told_db(slack_db: float) -> float:
    """To the hundredth, as it is told."""
    return math.floor(100 * slack_db) / 100


def _carried(model: PlanModel, before: Searched) -> Selection:
    """A former selection in another model: the same candidates by name, where they still are."""
    place = {name: row for row, name in enumerate(model.candidates.id)}
    names = [before.model.candidates.id[at] for at in before.found.selection.candidates]
    return Selection(tuple(sorted(place[name] for name in names if name in place)), before.found.selection.modes)

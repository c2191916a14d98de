"""Annealing over plans with exact scoring, for sizes at which a proof is out of reach.

One run for each number of head-ends: their price is a hill that single moves do not climb (assumption A57). Moves
are counted, so that the same seed gives the same plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from quietwing.coverage.planning import _anneal
from quietwing.coverage.planning._compiled import (
    Compiled,
    Known,
    State,
    Terms,
    Top,
    choices,
    compiled,
    selection_of,
    state_of,
    unknown,
)
from quietwing.coverage.planning._selection_kernels import total
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.rows import TIGHTER, PlanModel
from quietwing.coverage.planning.score import Score, better, fixed_selection, score

__all__ = ["Compiled", "Found", "Known", "State", "kept_below", "search"]  # numba's kept code names the arrays here

STEPS = 25  # of falling heat; progress is told after each
MOST_BRANCHES = 6
POWERS = (4.0, 1.0, 2.0, 8.0)  # how much more a room counts the nearer it is to being protected
MOVES_OF_A_ROUND = 4000  # what taking down and putting together again is counted as
HOT, COLD = 0.5, 0.02  # of the smallest credit; found by trial: hotter undoes what was put together
GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Found:
    """The best plan of a search."""

    selection: Selection
    score: Score


def search(
    model: PlanModel,
    goal: Goal,
    *,
    start: Selection | None = None,
    moves: int = 400_000,
    seed: int = 1,
    anew: bool = True,
    progress: Callable[[float, float], None] | None = None,
    interrupted: Callable[[], bool] | None = None,
) -> Found:
    """Best plan found by a counted number of moves.

    Parameters
    ----------
    model : PlanModel
    goal : Goal
    start : Selection, optional
        The answer is never worse than this one.
    moves : int
        Over all branches.
    seed : int
    anew : bool
        Whether plans are also put together from nothing, and not from `start` alone: that of a former search of the
        model, or of one with fewer rows, is better than these.
    progress : callable, optional
        Called with the share done and the weight protected so far.
    interrupted : callable, optional
        Asked between steps; True ends the search with the best so far.

    Returns
    -------
    Found
    """
    nothing = _repaired(model, fixed_selection(model))
    best = Found(nothing, score(model, nothing))
    if start is not None:
        given = Found(start, score(model, start))
        best = given if better(given.score, best.score, goal) and _affordable(given.score, goal) else best
    kit = compiled(model)
    branches = _branches(model, goal)
    stop = interrupted or (lambda: False)
    for number, extra in enumerate(branches):

        def told(share: float, weight: float, number: int = number, least: float = best.score.weight) -> None:
            if progress is not None:
                progress((number + share) / len(branches), max(weight, least))

        found = _branch(
            model, kit, goal, extra, best, nothing, anew, moves // len(branches), seed + 7919 * number, told, stop
        )
        if better(found.score, best.score, goal):
            best = found
        if stop():
            break
    return best


def _repaired(model: PlanModel, nothing: Selection) -> Selection:
    """What stands, with windows treated as far as that brings it below the limits: no move starts from above."""
    candidates = model.candidates
    rooms = np.unique(candidates.room[candidates.existing & (candidates.room >= 0)]).tolist()
    ways = [(room, mode) for room in rooms for mode in np.flatnonzero(model.mode_cost_pence[room] >= 0).tolist()]

    def standing(modes: tuple[int, ...]) -> Selection:
        held = np.array(modes)[np.maximum(candidates.room, 0)] == candidates.mode
        return Selection(tuple(np.flatnonzero(candidates.existing & ((candidates.room < 0) | held)).tolist()), modes)

    def over(plan: Selection) -> float:
        taken = model.limit[:, list(plan.candidates)].sum(axis=1) * (1 + TIGHTER)
        return float(np.maximum(taken - 1, 0).sum())

    plan, excess = nothing, over(nothing)
    while excess > 0:
        others = [standing((*plan.modes[:room], mode, *plan.modes[room + 1 :])) for room, mode in ways]
        better_plan = min(others, key=over, default=plan)
        if over(better_plan) >= excess:
            break
        plan, excess = better_plan, over(better_plan)
    return plan


def kept_below(model: PlanModel, plan: Selection) -> Selection:
    """What is left of a plan when devices go until all limits hold: always the one that takes most of what is broken.

    Parameters
    ----------
    model : PlanModel
    plan : Selection

    Returns
    -------
    Selection
    """
    chosen = np.array(plan.candidates, np.int64)
    bought = chosen[~model.candidates.existing[chosen]]
    taken = model.limit[:, chosen].sum(axis=1) * (1 + TIGHTER)
    while len(bought) and (over := taken > 1).any():
        most = int((model.limit[np.ix_(over, bought)] / taken[over, None]).sum(axis=0).argmax())
        taken -= model.limit[:, bought[most]] * (1 + TIGHTER)
        bought = np.delete(bought, most)
    stands = chosen[model.candidates.existing[chosen]]
    return Selection(tuple(np.union1d(stands, bought).tolist()), plan.modes)


def _affordable(found: Score, goal: Goal) -> bool:
    return goal.budget_pence is None or found.cost_pence <= goal.budget_pence


def _branches(model: PlanModel, goal: Goal) -> list[tuple[int, ...]]:
    """Numbers of further head-ends worth trying, fewest first."""
    ends = model.head_ends
    options = []
    for kind in range(len(ends.name)):
        places = len(np.unique(model.candidates.position[(model.candidates.head_end == kind) & ~model.forbidden]))
        most = max(0, -(-places // int(ends.capacity[kind])) - int(ends.existing[kind]))
        if goal.budget_pence is not None and ends.cost_pence[kind] > 0:
            most = min(most, goal.budget_pence // int(ends.cost_pence[kind]))
        options.append(range(int(most) + 1))
    every = sorted(product(*options), key=lambda extra: (sum(extra), extra))
    fitting = [
        extra
        for extra in every
        if goal.budget_pence is None
        or sum(n * int(price) for n, price in zip(extra, ends.cost_pence.tolist(), strict=True)) <= goal.budget_pence
    ]
    if len(fitting) <= MOST_BRANCHES:
        return fitting
    spread = np.unique(np.linspace(0, len(fitting) - 1, MOST_BRANCHES).round().astype(int))
    return [fitting[at] for at in spread.tolist()]


def _branch(
    model: PlanModel,
    kit: Compiled,
    goal: Goal,
    extra: tuple[int, ...],
    best: Found,
    nothing: Selection,
    anew: bool,
    moves: int,
    seed: int,
    told: Callable[[float, float], None],
    stop: Callable[[], bool],
) -> Found:
    """Search with a fixed number of further head-ends, paid for at the outset."""
    ends = model.head_ends
    paid = float(sum(n * int(price) for n, price in zip(extra, ends.cost_pence.tolist(), strict=True)))
    room_for = np.array(
        [int(cap) * (int(there) + n) for cap, there, n in zip(ends.capacity, ends.existing, extra, strict=True)],
        np.int64,
    )
    budget = float("inf") if goal.budget_pence is None else goal.budget_pence - paid
    target = float("inf") if goal.target is None else float(goal.target)
    # What this branch has neither head-end nor money for would only waste moves.
    head_end = model.candidates.head_end
    housed = (head_end < 0) | (room_for[np.maximum(head_end, 0)] > 0) if len(room_for) else head_end < 0
    choice, choice_start, free = choices(
        model, ~model.candidates.existing & ~model.forbidden & housed & (model.candidates.cost_pence <= budget)
    )
    kit = kit._replace(choice=choice, choice_start=choice_start, free=free)
    credited = model.weight[model.weight > 0]
    unit = float(credited.min()) if len(credited) else 1.0
    # A pound is worth so little that no saving outweighs a room in the budgeted search, and steers the other.
    dearest = float(kit.cost.max(initial=1.0) + kit.mode_cost.max(initial=0.0))
    pound = 0.05 * unit / dearest if goal.target is None else 0.3 * unit / dearest
    hot, cold = HOT * unit, COLD * unit

    def put_together(selection: Selection, power: float) -> State:
        """What a plan can be extended to, device by device, until a target is met or nothing fits."""
        begun = state_of(model, kit, selection, budget, room_for)
        _anneal.construct(kit, begun, unknown(kit), budget, room_for, power, 0.0, np.uint64(0), target)
        return begun

    begun = [put_together(best.selection, POWERS[0])]
    if best.selection != nothing:
        begun.append(put_together(best.selection, POWERS[-1]))
    if anew or best.selection == nothing:
        begun += [put_together(nothing, power) for power in POWERS]
    state = max(begun, key=lambda one: min(total(kit, one), target) - pound * float(one.money[0]))
    terms, ended = Terms(budget, room_for, target, pound), False
    top = Top(state.at.copy(), state.mode.copy(), np.array([-np.inf, 0.0]))
    numbers = np.array([(seed * GOLDEN + 1) % 2**64 | 1], np.uint64)
    for step in range(STEPS):
        first, last = (hot * (cold / hot) ** (at / STEPS) for at in (step, step + 1))
        _anneal.anneal(kit, state, moves // STEPS, first, last, terms, numbers, top)
        told((step + 1) / STEPS, float(top.value[1]))
        ended = stop()
        if ended:
            break
    if not ended:
        state = state_of(model, kit, selection_of(model, top.at, top.mode), budget, room_for)
        spare, known = state_of(model, kit, nothing, budget, room_for), unknown(kit)
        for _ in range(STEPS):
            rounds = moves // STEPS // MOVES_OF_A_ROUND
            _anneal.rebuild(kit, state, spare, known, rounds, COLD * unit, terms, POWERS[0], numbers, top)
            told(1.0, float(top.value[1]))
            if stop():
                break
    state = put_together(selection_of(model, top.at, top.mode), POWERS[0])
    selection = selection_of(model, state.at, state.mode)
    return _thinned(model, Found(selection, score(model, selection)), goal)


def _thinned(model: PlanModel, found: Found, goal: Goal) -> Found:
    """Take away what the plan does not need, dearest first."""
    order = sorted(
        (at for at in found.selection.candidates if not model.candidates.existing[at]),
        key=lambda at: (-int(model.candidates.cost_pence[at]), model.candidates.id[at]),
    )
    for at in order:
        fewer = Selection(tuple(c for c in found.selection.candidates if c != at), found.selection.modes)
        without = Found(fewer, score(model, fewer))
        if better(without.score, found.score, goal):
            found = without
    for room in range(len(found.selection.modes)):
        for plan in _otherwise_treated(model, found.selection, room):
            other = Found(plan, score(model, plan))
            if better(other.score, found.score, goal):
                found = other
    return found


def _otherwise_treated(model: PlanModel, plan: Selection, room: int) -> list[Selection]:
    """A plan with a treated room's windows in each cheaper mode, what stands in the room being what it may be there.

    Of what may stand at a place in another mode the model that stands there now, at each of its powers.
    """
    kit, mode = model.candidates, plan.modes[room]
    if not mode:
        return []
    inside = [at for at in plan.candidates if kit.room[at] == room]
    others = tuple(at for at in plan.candidates if kit.room[at] != room)
    found = []
    for new in np.flatnonzero(model.mode_cost_pence[room] >= 0).tolist():
        if model.mode_cost_pence[room, new] >= model.mode_cost_pence[room, mode]:
            continue
        own = (kit.room == room) & (kit.mode == new)
        modes = (*plan.modes[:room], new, *plan.modes[room + 1 :])
        ways = [np.flatnonzero(own & (kit.base == kit.base[at])).tolist() for at in inside]
        if sum(len(way) > 1 for way in ways) > 1:  # as strong as can be; one by one they are thinned before
            ways = [way[-1:] for way in ways]
        found += [Selection(tuple(sorted((*others, *each))), modes) for each in product(*ways)]
    return found

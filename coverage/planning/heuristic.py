"""Annealing over plans with exact scoring, for sizes at which a proof is out of reach.

One run for each number of head-ends: their price is a hill that single moves do not climb (optimisation.md §1). Moves
are counted, so that the same seed gives the same plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.planning import _anneal
from quietwing.coverage.planning.milp import Goal, Selection
from quietwing.coverage.planning.rows import TIGHTER, PlanModel
from quietwing.coverage.planning.score import Score, better, fixed_selection, score

__all__ = ["Found", "kept_below", "search"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
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


class Compiled(NamedTuple):
    """The planning model as the kernel reads it."""

    start: Ints
    row: Ints
    share: Floats
    serve: Floats
    jam: Floats
    node_start: Ints
    node: Ints
    node_serve: Floats
    block: Ints
    reach_start: Ints
    reach: Ints
    rows: Floats
    possible: NDArray[np.bool_]
    weight: Floats
    modes: int
    mode_cost: Floats
    limit: Floats
    cost: Floats
    head_end: Ints
    position: Ints
    own_room: Ints
    own_mode: Ints
    forbidden: NDArray[np.bool_]
    fixed_start: Ints
    fixed: Ints
    near_start: Ints
    near: Ints
    choice_start: Ints
    choice: Ints
    free: Ints
    treatable: Ints
    counted: Ints


class Known(NamedTuple):
    """What putting a plan together has worked out: each candidate's gain, and when; when each block changed."""

    gain: Floats
    looked: Ints
    changed: Ints
    turn: Ints
    have: Floats
    more: Floats
    touched: Ints


class State(NamedTuple):
    """What stands, and what follows from it."""

    on: NDArray[np.bool_]
    at: Ints
    mode: Ints
    inside: Ints
    den: Floats
    jam: Floats
    best: Floats
    missed: Ints
    taken: Floats
    money: Floats
    nodes: Ints


def search(
    model: PlanModel,
    goal: Goal,
    *,
    start: Selection | None = None,
    moves: int = 400_000,
    seed: int = 1,
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
    compiled = _compiled(model)
    branches = _branches(model, goal)
    stop = interrupted or (lambda: False)
    for number, extra in enumerate(branches):

        def told(share: float, weight: float, number: int = number, least: float = best.score.weight) -> None:
            if progress is not None:
                progress((number + share) / len(branches), max(weight, least))

        found = _branch(
            model, compiled, goal, extra, best, nothing, moves // len(branches), seed + 7919 * number, told, stop
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
    compiled: Compiled,
    goal: Goal,
    extra: tuple[int, ...],
    best: Found,
    nothing: Selection,
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
    kit = model.candidates
    housed = (kit.head_end < 0) | (room_for[np.maximum(kit.head_end, 0)] > 0) if len(room_for) else kit.head_end < 0
    choice, choice_start, free = _choices(
        model, ~kit.existing & ~model.forbidden & housed & (kit.cost_pence <= budget)
    )
    compiled = compiled._replace(choice=choice, choice_start=choice_start, free=free)
    credited = model.weight[model.weight > 0]
    unit = float(credited.min()) if len(credited) else 1.0
    # A pound is worth so little that no saving outweighs a room in the budgeted search, and steers the other.
    dearest = float(compiled.cost.max(initial=1.0) + compiled.mode_cost.max(initial=0.0))
    pound = 0.05 * unit / dearest if goal.target is None else 0.3 * unit / dearest
    hot, cold = HOT * unit, COLD * unit

    def put_together(selection: Selection, power: float) -> State:
        """What a plan can be extended to, device by device."""
        begun = _state(model, compiled, selection, budget, room_for)
        if goal.target is None:
            _anneal.construct(compiled, begun, _known(compiled), budget, room_for, power, 0.0, np.uint64(0))
        return begun

    begun = [put_together(best.selection, POWERS[0])]
    if best.selection != nothing:
        begun.append(put_together(best.selection, POWERS[-1]))
    begun += [put_together(nothing, power) for power in POWERS]
    state = max(begun, key=lambda one: _anneal.total(compiled, one) - pound * float(one.money[0]))
    best_at, best_mode, ended = state.at.copy(), state.mode.copy(), False
    top = np.array([-np.inf, 0.0])
    numbers = np.array([(seed * GOLDEN + 1) % 2**64 | 1], np.uint64)
    for step in range(STEPS):
        first, last = (hot * (cold / hot) ** (at / STEPS) for at in (step, step + 1))
        _anneal.anneal(
            compiled,
            state,
            moves // STEPS,
            first,
            last,
            budget,
            room_for,
            target,
            pound,
            numbers,
            best_at,
            best_mode,
            top,
        )
        told((step + 1) / STEPS, float(top[1]))
        ended = stop()
        if ended:
            break
    if goal.target is None and not ended:
        state = _state(model, compiled, _selection_of(model, best_at, best_mode), budget, room_for)
        spare, known = put_together(nothing, POWERS[0]), _known(compiled)
        for _ in range(STEPS):
            rounds = moves // STEPS // MOVES_OF_A_ROUND
            _anneal.rebuild(
                compiled, state, spare, known, rounds, COLD * unit, budget, room_for, pound, POWERS[0], numbers,
                best_at, best_mode, top,
            )  # fmt: skip
            told(1.0, float(top[1]))
            if stop():
                break
    state = put_together(_selection_of(model, best_at, best_mode), POWERS[0])
    selection = _selection_of(model, state.at, state.mode)
    return _thinned(model, Found(selection, score(model, selection)), goal)


def _known(compiled: Compiled) -> Known:
    """Nothing worked out yet."""
    count, blocks = len(compiled.cost), len(compiled.rows)
    return Known(
        np.zeros(count), np.full(count, -1), np.zeros(blocks, np.int64), np.zeros(1, np.int64), np.zeros(blocks),
        np.zeros(blocks), np.empty(blocks, np.int64),
    )  # fmt: skip


def _selection_of(model: PlanModel, at: Ints, mode: Ints) -> Selection:
    """What the kernel has at each position and in each room, with what stands already."""
    standing = np.flatnonzero(model.candidates.existing)
    own = model.candidates.room[standing]
    kept = standing[(own < 0) | (mode[np.maximum(own, 0)] == model.candidates.mode[standing])]
    return Selection(tuple(np.union1d(at[at >= 0], kept).tolist()), tuple(mode.tolist()))


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
    for room, mode in enumerate(found.selection.modes):
        inside = any(
            model.candidates.room[at] == room and not model.candidates.existing[at]
            for at in found.selection.candidates
        )
        if mode and not inside and not (model.candidates.existing & (model.candidates.room == room)).any():
            modes = tuple(0 if at == room else other for at, other in enumerate(found.selection.modes))
            plain = Found(
                Selection(found.selection.candidates, modes),
                score(model, Selection(found.selection.candidates, modes)),
            )
            if better(plain.score, found.score, goal):
                found = plain
    return found


def _compiled(model: PlanModel) -> Compiled:
    """Columns of the candidates over the union of all they touch."""
    candidates = model.candidates
    share, serve, jam = model.by_candidate
    touched = share
    if serve.nnz:
        touched = ((share != 0) + (serve != 0) + (jam != 0)).tocsc()
        touched.sort_indices()
    column = np.repeat(np.arange(len(candidates)), np.diff(touched.indptr))
    values = [_values_at(part, touched.indices, column) if serve.nnz else part.data for part in (share, serve, jam)]
    if not serve.nnz:  # nothing is captured, so nobody asks what jams
        values[1] = values[2] = np.zeros(len(column))
    nodes = model.serve_mw.tocsr()
    modes = model.mode_cost_pence.shape[1]
    block = model.row_room * modes + model.row_mode
    blocks = len(model.weight) * modes
    reach = np.unique(column * blocks + block[touched.indices])
    places = int(candidates.position.max(initial=-1)) + 1
    choice, choice_start, free = _choices(model, ~candidates.existing & ~model.forbidden)
    fixed = np.flatnonzero(candidates.existing & (candidates.room >= 0))
    fixed = fixed[np.argsort(candidates.room[fixed], kind="stable")]
    pairs = np.concatenate([model.conflicts, model.conflicts[:, ::-1]]).reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return Compiled(
        start=touched.indptr.astype(np.int64),
        row=touched.indices.astype(np.int64),
        share=values[0],
        serve=values[1],
        jam=values[2],
        node_start=nodes.indptr.astype(np.int64),
        node=nodes.indices.astype(np.int64),
        node_serve=np.ascontiguousarray(nodes.data, float),
        block=block.astype(np.int64),
        reach_start=np.searchsorted(reach // max(blocks, 1), np.arange(len(candidates) + 1)).astype(np.int64),
        reach=(reach % max(blocks, 1)).astype(np.int64),
        rows=np.maximum(np.bincount(block, minlength=blocks), 1).astype(float),
        possible=np.ascontiguousarray(model.possible.ravel()),
        weight=model.weight.astype(float),
        modes=modes,
        mode_cost=model.mode_cost_pence.astype(float),
        limit=np.ascontiguousarray(model.limit.T * (1 + TIGHTER), float),
        cost=candidates.cost_pence.astype(float),
        head_end=candidates.head_end,
        position=candidates.position,
        own_room=candidates.room,
        own_mode=candidates.mode,
        forbidden=model.forbidden,
        fixed_start=np.searchsorted(candidates.room[fixed], np.arange(len(model.weight) + 1)).astype(np.int64),
        fixed=fixed.astype(np.int64),
        near_start=np.searchsorted(pairs[:, 0], np.arange(places + 1)).astype(np.int64),
        near=np.ascontiguousarray(pairs[:, 1]).astype(np.int64),
        choice_start=choice_start,
        choice=choice,
        free=free,
        treatable=np.flatnonzero((model.mode_cost_pence[:, 1:] >= 0).any(axis=1)).astype(np.int64),
        counted=np.flatnonzero((model.weight != 0) & model.possible.any(axis=1)).astype(np.int64),
    )


def _choices(model: PlanModel, allowed: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Candidates that may be put up, by position; where each position's begin; positions that have any."""
    position = model.candidates.position
    choice = np.flatnonzero(allowed)
    choice = choice[np.argsort(position[choice], kind="stable")]
    places = int(position.max(initial=-1)) + 1
    starts = np.searchsorted(position[choice], np.arange(places + 1))
    return choice.astype(np.int64), starts.astype(np.int64), np.unique(position[choice]).astype(np.int64)


def _values_at(matrix: sparse.csc_array, row: Ints, column: Ints) -> Floats:
    """Entries of a matrix at places given column by column, 0 where there is none."""
    entries = matrix.tocoo()
    key = entries.col.astype(np.int64) * matrix.shape[0] + entries.row
    values = np.zeros(len(row))
    values[np.searchsorted(column.astype(np.int64) * matrix.shape[0] + row, key)] = entries.data
    return values


def _state(model: PlanModel, compiled: Compiled, selection: Selection, budget: float, room_for: Ints) -> State:
    """A plan as the kernel's state; what the branch cannot hold of it is left out, dearest first."""
    kept = list(selection.candidates)
    candidates = model.candidates
    extra = sorted(
        (at for at in kept if not candidates.existing[at]), key=lambda at: (int(candidates.cost_pence[at]), at)
    )
    while extra and not _fits(model, kept, selection.modes, budget, room_for):
        kept.remove(extra.pop())
    modes = selection.modes
    if not _fits(model, kept, modes, budget, room_for):
        kept, modes = list(fixed_selection(model).candidates), fixed_selection(model).modes
    chosen, mode = np.array(kept, np.int64), np.array(modes, np.int64)
    on = np.zeros(len(candidates), bool)
    on[chosen] = True
    at = np.full(int(candidates.position.max(initial=-1)) + 1, -1, np.int64)
    bought = chosen[~candidates.existing[chosen]]
    at[candidates.position[bought]] = bought
    inside = np.bincount(candidates.room[bought][candidates.room[bought] >= 0], minlength=len(mode)).astype(np.int64)
    den, jam, best = (np.zeros(model.share.shape[0]) for _ in range(3))
    for one in chosen.tolist():
        part = slice(compiled.start[one], compiled.start[one + 1])
        rows = compiled.row[part]
        den[rows] += compiled.share[part]
        jam[rows] += compiled.jam[part]
        best[rows] = np.maximum(best[rows], compiled.serve[part])
    holds = (den >= 1 - 1e-9) | ((best > 0) & (jam <= best))
    blocks = len(mode) * model.mode_cost_pence.shape[1]
    money = float(candidates.cost_pence[chosen].sum() + model.mode_cost_pence[np.arange(len(mode)), mode].sum())
    nodes = candidates.head_end[chosen]
    return State(
        on=on,
        at=at,
        mode=mode,
        inside=inside,
        den=den,
        jam=jam,
        best=best,
        missed=np.bincount(compiled.block[~holds], minlength=blocks).astype(np.int64),
        taken=compiled.limit[chosen].sum(axis=0),
        money=np.array([money]),
        nodes=np.bincount(nodes[nodes >= 0], minlength=len(room_for)).astype(np.int64),
    )


def _fits(model: PlanModel, kept: list[int], modes: tuple[int, ...], budget: float, room_for: Ints) -> bool:
    """Whether money and head-ends of a branch are enough."""
    chosen = np.array(kept, np.int64)
    money = int(model.candidates.cost_pence[chosen].sum())
    money += int(model.mode_cost_pence[np.arange(len(modes)), np.array(modes, np.int64)].sum())
    nodes = model.candidates.head_end[chosen]
    count = np.bincount(nodes[nodes >= 0], minlength=len(room_for))
    return money <= budget and bool((count <= room_for).all())

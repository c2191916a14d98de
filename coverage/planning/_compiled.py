"""The planning model and its plans as the compiled search reads them: arrays candidate by candidate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.planning.milp import Selection
from quietwing.coverage.planning.rows import TIGHTER, PlanModel
from quietwing.coverage.planning.score import fixed_selection

__all__ = [
    "Compiled",
    "Known",
    "State",
    "Terms",
    "Top",
    "choices",
    "compiled",
    "selection_of",
    "state_of",
    "unknown",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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


class Terms(NamedTuple):
    """What is asked of a plan: money and, of each head-end, nodes at most; the weight that is enough, `inf` for as
    much as possible; what a pound counts for.
    """

    budget: float
    room_for: Ints
    target: float
    pound: float


class Top(NamedTuple):
    """Output: the best plan so far, what stands at each position and each room's mode, with its value and weight."""

    at: Ints
    mode: Ints
    value: Floats


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


def unknown(kit: Compiled) -> Known:
    """Nothing worked out yet."""
    count, blocks = len(kit.cost), len(kit.rows)
    return Known(
        np.zeros(count), np.full(count, -1), np.zeros(blocks, np.int64), np.zeros(1, np.int64), np.zeros(blocks),
        np.zeros(blocks), np.empty(blocks, np.int64),
    )  # fmt: skip


def selection_of(model: PlanModel, at: Ints, mode: Ints) -> Selection:
    """What the kernel has at each position and in each room, with what stands already."""
    standing = np.flatnonzero(model.candidates.existing)
    own = model.candidates.room[standing]
    kept = standing[(own < 0) | (mode[np.maximum(own, 0)] == model.candidates.mode[standing])]
    return Selection(tuple(np.union1d(at[at >= 0], kept).tolist()), tuple(mode.tolist()))


def compiled(model: PlanModel) -> Compiled:
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
    choice, choice_start, free = choices(model, ~candidates.existing & ~model.forbidden)
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


def choices(model: PlanModel, allowed: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
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


def state_of(model: PlanModel, kit: Compiled, selection: Selection, budget: float, room_for: Ints) -> State:
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
        part = slice(kit.start[one], kit.start[one + 1])
        rows = kit.row[part]
        den[rows] += kit.share[part]
        jam[rows] += kit.jam[part]
        best[rows] = np.maximum(best[rows], kit.serve[part])
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
        missed=np.bincount(kit.block[~holds], minlength=blocks).astype(np.int64),
        taken=kit.limit[chosen].sum(axis=0),
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

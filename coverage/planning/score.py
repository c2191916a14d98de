"""What a selection achieves in the planning model: protected rooms, what it takes of each limit, what it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.milp import Goal, Selection, cost_pence
from quietwing.coverage.planning.rows import TIGHTER, PlanModel

__all__ = ["Score", "better", "fixed_selection", "score"]


@dataclass(frozen=True)
class Score:
    """A selection judged by the rows of the planning model.

    Attributes
    ----------
    protected : bool ndarray, shape (room,)
    weight : float
        Of the protected rooms that are credited.
    cost_pence : int
    items : int
        Devices and treatments, existing ones left out.
    worst_limit : float
        Largest share taken of a limit.
    broken : tuple of str
        Rules that do not hold; empty for a plan.
    """

    protected: NDArray[np.bool_]
    weight: float
    cost_pence: int
    items: int
    worst_limit: float
    broken: tuple[str, ...]


def fixed_selection(model: PlanModel) -> Selection:
    """Nothing bought: what stands already, all rooms untreated."""
    stands = model.candidates.existing & ((model.candidates.room < 0) | (model.candidates.mode == 0))
    return Selection(tuple(np.flatnonzero(stands).tolist()), (0,) * len(model.weight))


def score(model: PlanModel, selection: Selection) -> Score:
    """Judge a selection by every row.

    Parameters
    ----------
    model : PlanModel
    selection : Selection

    Returns
    -------
    Score
    """
    candidates = model.candidates
    chosen = np.array(selection.candidates, np.int64)
    modes = np.array(selection.modes, np.int64)
    rooms = np.arange(len(modes))
    holds = _rows_hold(model, chosen)
    missed = np.zeros(model.mode_cost_pence.shape, np.int64)
    np.add.at(missed, (model.row_room[~holds], model.row_mode[~holds]), 1)
    protected = model.possible[rooms, modes] & (missed[rooms, modes] == 0)
    taken = model.limit[:, chosen].sum(axis=1) * (1 + TIGHTER)
    over = np.flatnonzero(taken > 1 + 1e-9)
    broken = [f"{model.limit_name[row]} takes {taken[row]:.3f} of its limit" for row in over.tolist()]
    places, count = np.unique(candidates.position[chosen], return_counts=True)
    broken += [
        f"{n} candidates at position {place}"
        for place, n in zip(places.tolist(), count.tolist(), strict=True)
        if n > 1
    ]
    broken += [f"{candidates.id[at]} breaks a limit alone" for at in chosen[model.forbidden[chosen]].tolist()]
    own = candidates.room[chosen]
    astray = chosen[(own >= 0) & (modes[np.maximum(own, 0)] != candidates.mode[chosen])]
    broken += [f"{candidates.id[at]} holds for another treatment of its room" for at in astray.tolist()]
    broken += [
        f"positions {one} and {other} are too near"
        for one, other in model.conflicts.tolist()
        if {one, other} <= set(places.tolist())
    ]
    standing = np.flatnonzero(
        candidates.existing & ((candidates.room < 0) | (modes[np.maximum(candidates.room, 0)] == candidates.mode))
    )
    broken += [f"{candidates.id[at]} stands and is left out" for at in np.setdiff1d(standing, chosen).tolist()]
    broken += [
        f"room {room} has no mode {mode}"
        for room, mode in enumerate(modes.tolist())
        if model.mode_cost_pence[room, mode] < 0
    ]
    return Score(
        protected=protected,
        weight=float(model.weight[protected].sum()),
        cost_pence=cost_pence(model, selection),
        items=int((~candidates.existing[chosen]).sum() + (modes > 0).sum()),
        worst_limit=float(taken.max(initial=0.0)),
        broken=tuple(broken),
    )


def _rows_hold(model: PlanModel, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows hold with these candidates on."""
    if not len(chosen):
        return np.zeros(model.share.shape[0], bool)
    share, serve, jam = (part[:, chosen] for part in model.by_candidate)
    denied = np.asarray(share.sum(axis=1)).ravel() >= 1 - 1e-9
    if not serve.nnz:
        return denied
    best = np.asarray(serve.max(axis=1).todense()).ravel()
    return np.asarray(denied | ((best > 0) & (np.asarray(jam.sum(axis=1)).ravel() <= best)))


def better(one: Score, other: Score, goal: Goal) -> bool:
    """Whether a plan is better than another: assumption A30, ids left out."""
    if bool(one.broken) != bool(other.broken):
        return not one.broken
    if goal.target is not None:
        met = one.weight >= goal.target, other.weight >= goal.target
        if met[0] != met[1]:
            return met[0]
        if met == (True, True):
            return (one.cost_pence, -one.weight, one.items) < (other.cost_pence, -other.weight, other.items)
    return (-one.weight, one.cost_pence, one.items) < (-other.weight, other.cost_pence, other.items)

"""A small planning question, and the plan that trying every one finds.

Rooms are judged by the draft verdict of `blocking` and limits by its draft margin, from levels alone. Nothing here
uses the rows, the matrix or the score of the planning stage, so that both roads to an answer are separate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.draft import carrier_margin_db
from quietwing.coverage.blocking.draft_spill import spill_margin_db
from quietwing.coverage.blocking.montecarlo import Needs
from quietwing.coverage.planning.levels import Candidates, HeadEnds, LimitBlock, RoomBlock

NOTHING = -np.inf


@dataclass(frozen=True)
class TinyPlan:
    """One question: levels, prices, rules, and a budget or a target."""

    seed: int
    drawn: int
    too_near: int
    needs: Needs
    rooms: tuple[RoomBlock, ...]
    limits: tuple[LimitBlock, ...]
    candidates: Candidates
    head_ends: HeadEnds
    weight: NDArray[np.float64]
    mode_cost_pence: NDArray[np.int64]
    conflicts: NDArray[np.int64]
    budget_pence: int | None = None
    target: float | None = None


@dataclass(frozen=True)
class Best:
    """The best plan, with what it is worth; `candidates` are those that stand."""

    weight: float
    cost_pence: int
    items: int
    names: tuple[str, ...]
    candidates: tuple[int, ...]
    modes: tuple[int, ...]


@dataclass(frozen=True)
class Outcomes:
    """Every plan judged: `modes` of the rooms one way, what is `on` the other.

    `margin_db` is how far each room in each mode is from a working phone, shape (plan,); `limit_db` how far the worst
    limit is. `placed` obeys all rules but the limits, `allowed` the limits too.
    """

    modes: tuple[tuple[int, ...], ...]
    on: NDArray[np.bool_]
    margin_db: dict[tuple[int, int], NDArray[np.float64]]
    limit_db: NDArray[np.float64]
    placed: NDArray[np.bool_]
    allowed: NDArray[np.bool_]
    weight: NDArray[np.float64]
    cost_pence: NDArray[np.int64]
    items: NDArray[np.int64]


def every_subset(count: int) -> NDArray[np.bool_]:
    """All subsets, shape (2**count, count); the first is empty."""
    return (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(bool)


def room_margin_db(
    tiny: TinyPlan, block: RoomBlock, on: NDArray[np.bool_], *, interplay: bool = True
) -> NDArray[np.float64]:
    """Smallest draft margin over carriers and points of a room for each row of `on`; at 0 or above it is silent.

    Without `interplay` no jammer undoes a capture.
    """
    kit = tiny.candidates
    row_of = {int(base): row for row, base in enumerate(block.bases)}
    heard = [
        k
        for k in range(len(kit))
        if int(kit.base[k]) in row_of and not (kit.room[k] == block.room and kit.mode[k] != block.mode)
    ]
    rows = [row_of[int(kit.base[k])] for k in heard]
    margin = np.full(len(on), np.inf)
    for carrier in np.flatnonzero(tiny.needs.campable).tolist():
        trim_db = kit.trim_db[heard, carrier][:, None]

        def standing(values: NDArray[np.float64]) -> NDArray[np.float64]:
            """Levels of what is on, every plan side by side as if at points of its own."""
            spread = np.where(on[:, heard].T[:, :, None], values[:, None, :], NOTHING)
            return spread.reshape(len(heard), len(on) * block.rsrp_dbm.shape[1])

        found = carrier_margin_db(
            tiny.needs,
            carrier,
            np.tile(block.rsrp_dbm[carrier], len(on)),
            np.tile(block.alone_db[carrier], len(on)),
            standing(block.level_dbm[rows, carrier].astype(float) + trim_db),
            standing(block.mas_dbm[rows, carrier].astype(float) + trim_db),
            kit.is_mas[heard] | (not interplay),
            np.tile(block.against_db[rows, carrier].astype(float), len(on)),
        )
        margin = np.minimum(margin, found.reshape(len(on), -1).min(axis=1))
    return margin


def limit_margin_db(
    limits: Sequence[LimitBlock], kit: Candidates, on: NDArray[np.bool_], slack_db: float = 0.0
) -> NDArray[np.float64]:
    """Smallest margin below all limits for each row of `on`, limits with slack moved; below 0 one is broken.

    A capture outside counts with its own margin.
    """
    margin = np.full(len(on), np.inf)
    for block in limits:
        moved_db = slack_db if block.slack else 0.0
        trim_db = np.array([[kit.trim_db[k, c] if c >= 0 else 0.0 for c in block.carrier] for k in range(len(kit))])
        level_dbm = block.level_dbm[:, kit.base, kit.mode].T.astype(float) + trim_db
        standing = np.where(on.T[:, :, None], level_dbm[:, None, :], NOTHING).reshape(len(kit), -1)
        found = spill_margin_db(np.tile(block.limit_dbm + moved_db, len(on)), standing)
        margin = np.minimum(margin, found.reshape(len(on), -1).min(axis=1))
        if block.cell_over_db is not None:
            over_db = (block.cell_over_db[:, kit.base, kit.mode].T.astype(float) + trim_db).max(axis=1) - moved_db
            # Capturing by exactly nothing is capturing: a hair below 0 keeps one rule for both margins.
            margin = np.minimum(margin, np.where(on, -over_db - 1e-12, np.inf).min(axis=1))
    return margin


def every_plan(tiny: TinyPlan, *, interplay: bool = True) -> Outcomes:
    """Judge every set of candidates in every choice of treatments."""
    kit, rooms = tiny.candidates, range(len(tiny.weight))
    on = every_subset(len(kit))
    margin_db = {
        (block.room, block.mode): room_margin_db(tiny, block, on, interplay=interplay) for block in tiny.rooms
    }
    limit_db = limit_margin_db(tiny.limits, kit, on)
    credit = [0.0 if margin_db[room, 0][0] >= 0 else float(tiny.weight[room]) for room in rooms]
    fits = np.ones(len(on), bool)
    for position in np.unique(kit.position):
        fits &= on[:, kit.position == position].sum(axis=1) <= 1
    for one, other in tiny.conflicts.tolist():
        fits &= ~(on[:, kit.position == one].any(axis=1) & on[:, kit.position == other].any(axis=1))
    bought = on & ~kit.existing
    money = on @ kit.cost_pence
    for kind, price in enumerate(tiny.head_ends.cost_pence.tolist()):
        nodes = on[:, kit.head_end == kind].sum(axis=1)
        needed = np.ceil(nodes / tiny.head_ends.capacity[kind]).astype(int) - tiny.head_ends.existing[kind]
        money = money + np.maximum(needed, 0) * price
    choices = tuple(product(*(np.flatnonzero(tiny.mode_cost_pence[room] >= 0).tolist() for room in rooms)))
    placed, weight, cost, items = [], [], [], []
    for modes in choices:
        held = np.array([room < 0 or modes[room] == mode for room, mode in zip(kit.room, kit.mode, strict=True)])
        right = ~on[:, ~held].any(axis=1) & on[:, held & kit.existing].all(axis=1)
        placed.append(fits & right)
        weight.append(sum(credit[room] * (margin_db[room, modes[room]] >= 0) for room in rooms))
        cost.append(money + sum(int(tiny.mode_cost_pence[room, modes[room]]) for room in rooms))
        items.append(bought.sum(axis=1) + sum(mode > 0 for mode in modes))
    return Outcomes(
        choices,
        on,
        margin_db,
        limit_db,
        np.array(placed),
        np.array(placed) & (limit_db >= 0),
        np.array(weight),
        np.array(cost),
        np.array(items),
    )


def best_of(tiny: TinyPlan, found: Outcomes, *, whatever_the_limits: bool = False) -> Best | None:
    """The best plan by assumption A30, None if none is allowed.

    `whatever_the_limits` needs outcomes of a question without limits.
    """
    fits = found.allowed.copy()
    if tiny.budget_pence is not None:
        fits &= found.cost_pence <= tiny.budget_pence
    if tiny.target is not None:
        fits &= found.weight >= tiny.target
    if not fits.any():
        return None
    keys = (-found.weight, found.cost_pence, found.items)
    for key in keys if tiny.target is None else (keys[1], keys[0], keys[2]):
        fits &= key == key[fits].min()
    plans = [_plan(tiny, found, int(way), int(subset)) for way, subset in np.argwhere(fits)]
    return min(plans, key=lambda plan: plan.names)


def _plan(tiny: TinyPlan, found: Outcomes, way: int, subset: int) -> Best:
    kit, modes = tiny.candidates, found.modes[way]
    standing = np.flatnonzero(found.on[subset]).tolist()
    names = [kit.id[k] for k in standing if not kit.existing[k]]
    names += [f"treat {room} {mode}" for room, mode in enumerate(modes) if mode]
    return Best(
        float(found.weight[way, subset]),
        int(found.cost_pence[way, subset]),
        int(found.items[way, subset]),
        tuple(sorted(names)),
        tuple(standing),
        modes,
    )


def nearest_db(found: Outcomes) -> float:
    """How near any verdict of any plan that can be placed comes to its threshold."""
    asked = found.placed.any(axis=0)
    every = np.concatenate([margin_db[asked] for margin_db in (*found.margin_db.values(), found.limit_db)])
    return float(np.abs(every[np.isfinite(every)]).min(initial=np.inf))

"""Why a plan leaves a room open: what a planner would have to change."""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from quietwing.coverage.dims import CHANNEL, ROOM
from quietwing.coverage.planning.attempts import Searched, Tried
from quietwing.coverage.planning.heuristic import Found
from quietwing.coverage.planning.milp import Goal
from quietwing.coverage.planning.plan import Hole, HoleKind, HoleReason
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.rows import TIGHTER, PlanModel
from quietwing.coverage.planning.search_space import SearchSpace
from quietwing.coverage.planning.target import rooms_held, target_asked

__all__ = ["holes_of"]

CLOSE_TO_LIMIT = 0.1  # assumed: with less than this share of a limit left nothing more fits below it
NOT_REACHED = HoleReason(HoleKind.NOT_REACHED)


def holes_of(
    inputs: PlanningInputs,
    one: Tried,
    searched: Searched | None,
    goal: Goal,
) -> tuple[Hole, ...]:
    """Every room that must be silent and is neither protected nor quiet anyway, with the reason.

    Parameters
    ----------
    inputs : PlanningInputs
    one : Tried
        Judged on the worlds it was chosen on.
    searched : Searched or None
        The planning model it comes from, or the last there was.
    goal : Goal

    Returns
    -------
    tuple of Hole
    """
    rooms = one.judged.by_room
    taken = np.zeros(len(inputs.site.rooms), bool) if one.searched is None else one.searched.found.score.protected
    target = target_asked(inputs.site, inputs.scenario)
    reasons = {} if searched is None else _forbidden_reasons(inputs, searched.space)
    holes = []
    for at, name in enumerate(rooms[ROOM].values.tolist()):
        if rooms["called_silent"].values[at] or rooms["quiet_anyway"].values[at]:
            continue
        room = inputs.site.room_index[name]
        if not inputs.wanted[room] and target is not None:
            reason = HoleReason(HoleKind.NOT_ASKED)
        elif taken[room]:
            worst = int(rooms["usable_probability"].values[:, at].argmax())
            reason = HoleReason(
                HoleKind.NOT_SURE,
                channel=str(rooms[CHANNEL].values[worst]),
                silent_probability=float(rooms["silent_probability"].values[at]),
            )
        elif searched is None:
            reason = HoleReason(HoleKind.NOT_SEARCHED)
        else:
            reason = _why(inputs, searched, goal, room, reasons)
            if reason == NOT_REACHED and target is not None and rooms_held(target, rooms) >= target.needed:
                reason = HoleReason(HoleKind.NOT_NEEDED)
        holes.append(Hole(name, reason))
    return tuple(holes)


def _forbidden_reasons(inputs: PlanningInputs, here: SearchSpace) -> dict[int, Counter[str]]:
    """Limits that forbid the candidates made for each spot's own room."""
    found: dict[int, Counter[str]] = {}
    for at, limit in here.limits.reason.items():
        room = inputs.spots[int(here.candidates.position[at])].room
        found.setdefault(room, Counter())[limit] += 1
    return found


def _why(
    inputs: PlanningInputs,
    searched: Searched,
    goal: Goal,
    room: int,
    reasons: dict[int, Counter[str]],
) -> HoleReason:
    """The first of these that holds: nothing is strong enough, all that is breaks a limit, limits together, money."""
    here, model, found = searched.space, searched.model, searched.found
    plain = here.around.plain
    possible = bool(model.possible[room].any())
    if not possible:
        if room in here.short:
            short = here.short[room]
            return HoleReason(HoleKind.TOO_WEAK, channel=short.channel, missing_db=_finite(short.missing_db))
        if room in reasons:
            return HoleReason(HoleKind.LIMIT_ALONE, limit=reasons[room].most_common(1)[0][0])
        blocked = model.blocked.get((room, 0))
        if blocked is not None:
            channel = plain.carriers[blocked.carrier].channel
            return HoleReason(HoleKind.TOO_WEAK, channel=channel, missing_db=_finite(blocked.missing_db))
        return HoleReason(HoleKind.NOTHING_SILENCES)
    return _why_left_out(model, found, goal, room)


def _why_left_out(model: PlanModel, found: Found, goal: Goal, room: int) -> HoleReason:
    """Why a room that can be protected is not: limits, money, or the search, in this order.

    Looked at are the candidates that would each complete the room beside the plan. Where all of them break a limit
    no money helps; where some of them keep the limits money is missing for the cheapest of these. Where no single one
    completes it the cheapest that helps decides.
    """
    options = _completing(model, found, room)
    left_pence = math.inf if goal.budget_pence is None else goal.budget_pence - found.score.cost_pence
    if options:
        within = [one for one in options if not one.limit]
        if not within:
            limit = Counter(one.limit for one in options).most_common(1)[0][0]
            return HoleReason(HoleKind.LIMIT_TOGETHER, limit=limit)
        cheapest = min(one.pence for one in within)
        if cheapest > left_pence:
            return HoleReason(HoleKind.MONEY, needs_gbp=cheapest / 100)
        return NOT_REACHED
    cheapest = _cheapest_pence(model, found, room)
    if cheapest > left_pence:
        return HoleReason(HoleKind.MONEY, needs_gbp=cheapest / 100)
    chosen = list(found.selection.candidates)
    taken = model.limit[:, chosen].sum(axis=1) if chosen else np.zeros(len(model.limit))
    if len(taken) and taken.max() > 1 - CLOSE_TO_LIMIT:
        limit = model.limit_name[int(taken.argmax())]
        return HoleReason(HoleKind.LIMIT_TOGETHER, limit=limit)
    return NOT_REACHED


class _Option(NamedTuple):
    """A candidate that completes a room beside the plan: what it adds to the cost, and the limit that it breaks."""

    pence: int
    limit: str


def _completing(model: PlanModel, found: Found, room: int) -> list[_Option]:
    """Candidates at free positions that each complete a room beside the plan, in each mode the room may be in."""
    kit, ends = model.candidates, model.head_ends
    chosen, modes = np.array(found.selection.candidates, np.int64), found.selection.modes
    occupied = np.zeros(int(kit.position.max(initial=-1)) + 1, bool)
    occupied[kit.position[chosen]] = True
    for pair in (model.conflicts, model.conflicts[:, ::-1]):
        occupied[pair[:, 0]] |= np.isin(pair[:, 1], kit.position[chosen])
    nodes = np.bincount(kit.head_end[chosen][kit.head_end[chosen] >= 0], minlength=len(ends.name))
    full = nodes >= ends.capacity * np.maximum(ends.existing, -(-nodes // ends.capacity))
    held = bool((kit.room[chosen] == room).any())
    taken = model.limit[:, chosen].sum(axis=1)
    options = []
    for mode in range(model.mode_cost_pence.shape[1]):
        if not model.possible[room, mode] or (held and mode != modes[room]):
            continue
        rows = np.flatnonzero((model.row_room == room) & (model.row_mode == mode))
        share, serve = model.share[rows].toarray(), model.serve_mw[rows].toarray()
        share = np.minimum(share * (1 - TIGHTER), 1.0)
        have = np.where((serve[:, chosen] > 0).any(axis=1), 1.0, share[:, chosen].sum(axis=1))
        holds = (have[:, None] + share >= 1 - 1e-9) | (serve > 0)
        own = (kit.room >= 0) & (kit.mode != np.where(kit.room == room, mode, np.array(modes)[kit.room]))
        usable = holds.all(axis=0) & ~occupied[kit.position] & ~kit.existing & ~model.forbidden & ~own
        treat = int(model.mode_cost_pence[room, mode] - model.mode_cost_pence[room, modes[room]])
        for at in np.flatnonzero(usable).tolist():
            kind = int(kit.head_end[at])
            head = int(ends.cost_pence[kind]) if kind >= 0 and full[kind] else 0
            over = (taken + model.limit[:, at]) * (1 + TIGHTER)
            limit = model.limit_name[int(over.argmax())] if len(over) and over.max() > 1 else ""
            options.append(_Option(int(kit.cost_pence[at]) + head + treat, limit))
        if mode != modes[room] and not held and (have >= 1 - 1e-9).all():
            options.append(_Option(treat, ""))
    return options


def _cheapest_pence(model: PlanModel, found: Found, room: int) -> int:
    """Price of the cheapest candidate that helps a room, a first head-end included."""
    kit, ends = model.candidates, model.head_ends
    rows = np.flatnonzero(model.row_room == room)
    part = model.share[rows] + model.serve_mw[rows]
    near = np.unique(part.indices)
    near = near[~kit.existing[near]]
    housed = {int(kind) for kind in kit.head_end[list(found.selection.candidates)]}
    first = np.array(
        [0 if kind in housed or ends.existing[kind] else ends.cost_pence[kind] for kind in range(len(ends.name))]
    )
    extra = np.where(kit.head_end[near] >= 0, first[np.maximum(kit.head_end[near], 0)], 0) if len(first) else 0
    return int((kit.cost_pence[near] + extra).min()) if len(near) else 0


def _finite(missing_db: float) -> float | None:
    return float(missing_db) if math.isfinite(missing_db) else None

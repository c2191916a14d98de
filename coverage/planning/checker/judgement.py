"""What a plan says about itself: judged rooms, holes, value and bound."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from quietwing.coverage.blocking import Judgement, LinkModel, judge_rooms, silence_points, spill
from quietwing.coverage.dims import ROOM
from quietwing.coverage.planning.checker.case import Case
from quietwing.coverage.planning.checker.money import spent_pence
from quietwing.coverage.planning.target import Target, target_asked
from quietwing.coverage.results import SpillResult
from quietwing.sites import PointSet, trial_points

__all__ = ["drawn", "figure_faults", "hole_faults", "judgement_faults"]

STREAM = 1  # of the worlds plans are chosen on


def drawn(case: Case, treated: LinkModel, tested: PointSet) -> tuple[Judgement, SpillResult]:
    """Rooms and places outside on the worlds the plan was chosen on."""
    rooms = judge_rooms(
        treated,
        case.bare,
        case.scenario,
        case.plan.devices,
        case.catalogue,
        silence_points(treated.scene.site, tested),
        bare_points=silence_points(case.site, trial_points(case.site)),
        stream=STREAM,
        by_point=False,
    )
    return rooms, spill(treated, case.scenario, case.plan.devices, case.catalogue, tested, stream=STREAM)[0]


def judgement_faults(case: Case, judged: Judgement, spilled: SpillResult) -> Iterator[str]:
    """Figures of the chosen attempt, to the last digit."""
    attempt = case.attempt
    protected = judged.by_room["called_silent"].values
    target = target_asked(case.site, case.scenario)
    weights = judged.by_room["weight"].values
    if target is not None:
        weights = np.array([float(name in target.rooms) for name in judged.by_room[ROOM].values.tolist()])
    for what, stated, found in (
        ("rooms blocked in the simulations it was chosen on", attempt.rooms_judged, int(protected.sum())),
        ("their weight", attempt.weight_judged, float((protected * weights).sum())),
        ("smallest margin outside in dB", attempt.spill_margin_db, spilled.worst_margin_db),
        ("all limits hold", attempt.passed, spilled.passed),
    ):
        if stated != found:
            yield f"{what}: the attempt says {stated}, the Monte Carlo finds {found}" + (
                f" ({spilled.worst.in_words()})" if what.startswith("smallest") else ""
            )
    held = int((protected * weights).sum()) + (0 if target is None else _quiet(target, judged))
    met = target is None or held >= target.needed
    if target is not None and not met and case.plan.status in ("optimal", "feasible"):
        yield f"status is {case.plan.status}, but {held} of the {target.needed} rooms asked for hold"
    if met and case.plan.status in ("infeasible", "none found"):
        yield f"status is {case.plan.status}, but the plan does what is asked"
    if case.plan.seed != case.scenario.seed:
        yield f"seed: the plan says {case.plan.seed}, the scenario {case.scenario.seed}"


def hole_faults(case: Case, judged: Judgement) -> Iterator[str]:
    """Every room that must be silent is protected, quiet anyway or listed as a hole, and only one of these."""
    rooms = judged.by_room
    listed = Counter(hole.room for hole in case.plan.holes)
    names = rooms[ROOM].values.tolist()
    for at, name in enumerate(names):
        share = math.floor(float(rooms["silent_probability"].values[at]) * 1000) / 10
        kept = bool(rooms["called_silent"].values[at] or rooms["quiet_anyway"].values[at])
        if kept and listed[name]:
            word = "is blocked" if rooms["called_silent"].values[at] else "has no signal even without blockers"
            yield f"room {name} is listed among those not blocked, but it {word}"
        elif not kept and not listed[name]:
            yield f"room {name} is blocked in {share} % of simulations only and is missing among those not blocked"
    for name, count in listed.items():
        if name not in names:
            yield f"room {name} is listed among those not blocked and need not be blocked"
        elif count > 1:
            yield f"room {name} is listed among those not blocked {count} times"


def figure_faults(case: Case, judged: Judgement) -> Iterator[str]:
    """Rooms of the planning model; value, bound, gap and status of the problem as it is judged."""
    plan, scenario, attempt = case.plan, case.scenario, case.attempt
    if not plan.rooms_model == attempt.rooms_model == len(plan.claimed):
        yield (
            f"rooms in the planning model: the plan says {plan.rooms_model}, its attempt {attempt.rooms_model}, "
            f"and {len(plan.claimed)} are claimed"
        )
    quiet = dict(zip(judged.by_room[ROOM].values.tolist(), judged.by_room["quiet_anyway"].values, strict=True))
    for name, count in Counter(claim.room for claim in plan.claimed).items():
        if count > 1:
            yield f"room {name} is claimed {count} times"
        if quiet.get(name, True):
            yield f"room {name} is claimed, and it has no signal even without blockers or need not be blocked"
    target = target_asked(case.site, scenario)
    rooms = judged.by_room
    value: float | None = float((rooms["called_silent"].values * rooms["weight"].values).sum())
    if target is not None:
        for name in sorted({claim.room for claim in plan.claimed} - set(target.rooms)):
            yield f"room {name} is claimed, and it is none of the rooms asked for"
        blocked = set(rooms[ROOM].values[rooms["called_silent"].values].tolist())
        met = len(blocked.intersection(target.rooms)) + _quiet(target, judged) >= target.needed
        value = _bought_gbp(case) if met else None
    if plan.value != value:
        yield f"value: the plan says {plan.value}, what it is judged by is {value}"
    open_rooms = (~(rooms["called_silent"].values | rooms["quiet_anyway"].values)).any()
    if (plan.bound, plan.gap) not in ((None, None), (plan.value, 0.0)):
        yield f"bound and gap are {plan.bound} and {plan.gap}: neither is known, or the bound is the value {value}"
    elif plan.status != "interrupted" and (plan.status == "optimal") != (plan.bound is not None):
        yield f"status is {plan.status} with a bound of {plan.bound}"
    elif plan.bound is not None and _bought_gbp(case) > 0 and (target is not None or open_rooms):
        yield f"bound {plan.bound:g}: the plan buys something and may not be the best"


def _quiet(target: Target, judged: Judgement) -> int:
    """Rooms of a target that hold without any blocker, where these count."""
    rooms = judged.by_room
    quiet = zip(rooms[ROOM].values.tolist(), rooms["quiet_anyway"].values.tolist(), strict=True)
    return sum(anyway and name in target.rooms for name, anyway in quiet) if target.quiet_counts else 0


def _bought_gbp(case: Case) -> float:
    """Money for what the plan buys, on the basis of the budget. [£]"""
    every = spent_pence(case, case.plan.devices, (*case.given, *case.plan.treatments)).asked(case.scenario)
    return (every - spent_pence(case, case.existing, case.given).asked(case.scenario)) / 100

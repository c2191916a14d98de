"""What the Monte Carlo found wrong with one attempt, put right in the planning model of the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.dims import ROOM
from quietwing.coverage.planning.attempts import SPARE_DB, Searched, Tried
from quietwing.coverage.planning.milp import Goal
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.search_space import MOST_SLACK_DB

__all__ = [
    "AIM_DB",
    "LEAST_SHARE",
    "MOST_RESERVE_DB",
    "full_margin_db",
    "next_goal",
    "next_reserve_db",
    "next_slack_db",
]

AIM_DB = SPARE_DB + 0.4  # smallest margin outside that slack is chosen for: it is met only roughly
LEAST_SHARE = 0.2  # assumed, of the way between two slacks: a line through two margins is a guess
# Above q by this share of what is left to certainty: so much reserve more or less. Found by trial on houseblock.
STEPS_DB = ((0.8, -1.0), (0.3, -0.5), (0.0, 0.0), (-1.0, 1.0), (-3.0, 2.0), (-np.inf, 3.0))
WORLDS_SIGMA_DB = 8.0  # assumed: how a room's margin spreads over worlds, as a mast that is not measured
EASED_DB = 2.0  # assumed: taken back from rooms that were left out
MOST_RESERVE_DB = 12.0


def full_margin_db(searched: Searched, margin_db: float) -> float:
    """The margin outside that the model's limits would have left, had the plan used them up.

    A plan that money or the most that jammers are raised by keeps below the model's limits leaves more than these do.
    What it has left there is taken off, as far as the limits as they are would not be moved down for it.
    `margin_db` is what the worlds left outside.
    """
    return margin_db if margin_db < AIM_DB else max(margin_db - searched.unused_db, AIM_DB)


def next_slack_db(found_db: Sequence[tuple[float, float]]) -> float:
    """Limits moved by what was left, or missing, outside; between a slack that left some and a larger that did not.

    `found_db` are slacks tried, in order, and the margins outside that came of them.
    """
    slack_db, margin_db = found_db[-1]
    if not math.isfinite(margin_db):
        return slack_db
    kept = max((one for one in found_db if 0 <= one[1] < math.inf), default=None)
    if kept is not None:
        missed = min((one for one in found_db if one[1] < 0 and one[0] > kept[0]), default=None)
        if missed is not None:
            share = (kept[1] - AIM_DB) / (kept[1] - missed[1])
            return kept[0] + (missed[0] - kept[0]) * min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return min(max(slack_db + margin_db - AIM_DB, 0.0), MOST_SLACK_DB)


def next_reserve_db(inputs: PlanningInputs, searched: Searched, one: Tried) -> NDArray[np.float64]:
    """More for rooms that fall short of q, less for those far above it.

    Where most rooms of a plan fall short, it is the worlds' spread that was taken too small: they get what that asks
    for, and all other rooms as much as the middle one of them. Where none does, rooms left out get less again.
    """
    protected, reserve_db = searched.found.score.protected, searched.reserve_db.copy()
    q, worlds = inputs.scenario.asked.confidence, inputs.scenario.worlds
    short_db: dict[int, float] = {}
    shares = one.judged.by_room["silent_probability"].values.tolist()
    for name, share in zip(one.judged.by_room[ROOM].values.tolist(), shares, strict=True):
        room = inputs.site.room_index[name]
        if protected[room]:
            reserve_db[room] += next(
                (step for least, step in STEPS_DB if share >= q + least * (1 - q)), STEPS_DB[-1][1]
            )
            if share < q:
                short_db[room] = WORLDS_SIGMA_DB * float(ndtri(q) - ndtri(max(share, 0.5 / worlds)))
    if 2 * len(short_db) > np.count_nonzero(protected):
        for room, more_db in short_db.items():
            reserve_db[room] = max(reserve_db[room], searched.reserve_db[room] + more_db)
        reserve_db[~protected] += float(np.median(list(short_db.values())))
    if not short_db:  # too much may have been asked of the rooms left out
        reserve_db = np.where(protected, reserve_db, np.minimum(reserve_db, np.maximum(reserve_db - EASED_DB, 0.0)))
    return np.clip(reserve_db, -MOST_RESERVE_DB, MOST_RESERVE_DB)


def next_goal(asked: Goal, goal: Goal, searched: Searched, one: Tried) -> Goal:
    """A target moved by as many rooms as the worlds found missing, or half of those to spare; never below the asked.

    Of the rooms that the planning model takes as protected some are not silent in enough worlds.
    """
    if asked.target is None or goal.target is None:
        return goal
    over = one.attempt.weight_judged - asked.target
    moved = goal.target - (over if over < 0 else over // 2)
    most = float(searched.model.weight[searched.model.possible.any(axis=1)].sum())
    return replace(goal, target=max(asked.target, min(moved, most)))

"""Attempts at a plan, one after another: each is searched for in a planning model and judged in random worlds.

Each attempt corrects what the worlds found wrong with the one before.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.planning.attempts import (
    Searched,
    Tried,
    best_of,
    breaks,
    broken,
    is_short,
    least_margin_db,
    rank,
)
from quietwing.coverage.planning.bounds import BoundAhead
from quietwing.coverage.planning.corrections import (
    MOST_RESERVE_DB,
    full_margin_db,
    next_goal,
    next_reserve_db,
    next_slack_db,
)
from quietwing.coverage.planning.early_stop import GapStop
from quietwing.coverage.planning.paid_anyway import goal_of, missing_for_anything
from quietwing.coverage.planning.plan import Plan
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.prepared import CHOOSING_STREAM, judge, judge_outside
from quietwing.coverage.planning.search_space import RoomLevels, search_space
from quietwing.coverage.planning.searching import EFFORTS, Effort, find_plan, slack_told_db, with_limits_used
from quietwing.coverage.planning.warm_start import WarmStart, as_warm_start
from quietwing.coverage.results import SpillResult

__all__ = ["so_far", "try_all", "warm_start_from"]

FEWEST_SEARCHES = 2  # where the first plan breaks a limit or falls short
MOST_IN_VAIN = 4  # as long as no plan that keeps the limits blocks a room (assumed)
FIRST_SLACK_DB = 10.0  # assumed: what adding upper quantiles overstates; the Monte Carlo corrects it
MOST_RAISES = 2  # of the power of one plan's jammers, each after the worlds were asked for what is left outside
MODELS_KEPT = 3  # of the best attempts, and of the last: to keep all of them took 2.8 GB
LEFT_TO_RAISE_DB = 6.0  # found by trial: a search leaves so much of the limits, and jammers are then made stronger
FURTHER = replace(EFFORTS["quick"], choices=1)  # after the first: another choice brings no room (found by trial)
Progress = Callable[[str, float], None]


def try_all(
    inputs: PlanningInputs,
    inside: RoomLevels,
    effort: Effort,
    start: Plan | None,
    tried: list[Tried],
    bounding: BoundAhead,
    late: Callable[[], bool],
    say: Progress,
    stop: GapStop,
) -> None:
    """Attempts one after another, each correcting what the Monte Carlo found wrong with the one before.

    A room that falls short gets more reserve, one that is sure gets less; the slack of the limits outside follows the
    smallest margin found there. The first begins with the plan to start from and the reserves of its rooms; where
    that leads to nothing better, the second begins anew.

    Parameters
    ----------
    inputs : PlanningInputs
    inside : RoomLevels
    effort : Effort
    start : Plan or None
        The second of those tried, where there is one.
    tried : list of Tried
        What is there already; attempts are added.
    bounding : BoundAhead
    late : callable
        Whether the time is over.
    say : callable
        Called with what is being done and the share done.
    stop : GapStop
    """
    slack_db, reserve_db = FIRST_SLACK_DB, _reserves_of(inputs, start)
    warm_start = None if start is None else warm_start_from(inputs, inside, tried[1])
    before: Searched | None = None
    found_db: list[tuple[float, float]] = []
    goal = asked = goal_of(inputs)
    attempts = max(effort.attempts - (start is not None), 1)
    for number in itertools.count():
        fewest = FEWEST_SEARCHES if _blocks_more(tried) else MOST_IN_VAIN
        left = max(attempts, fewest) - number
        if (
            late()
            or left < 1
            or (number >= attempts and _holds(tried) and (start is None or _improves(inputs, tried)))
        ):
            return
        if stop.reached(inputs, tried, None if start is None else tried[1], left):
            return
        if start is not None and number == 1 and not _improves(inputs, tried):  # as if there were none
            slack_db, reserve_db = FIRST_SLACK_DB, _reserves_of(inputs, None)
            warm_start, before, found_db, goal = None, None, [], asked

        def told(share: float, number: int = number, attempts: int = attempts) -> None:
            say(so_far(inputs, tried), 0.1 + 0.8 * min((number + share) / attempts, 1.0))

        here = search_space(
            inputs,
            inside,
            reserve_db,
            () if warm_start is None else warm_start.wishes,
            lambda share, told=told: told(0.5 * share),  # type: ignore[misc]
        )
        inputs.worked_out.end_what_leaves()
        before = find_plan(
            here,
            slack_db,
            reserve_db,
            goal,
            warm_start if before is None else before,
            effort if number >= fewest else FURTHER if number else EFFORTS["quick"],
            lambda share, told=told: told(0.5 + 0.3 * share),  # type: ignore[misc]
            late,
        )
        least_db = least_margin_db(tried)
        every, margins_db = _judged_both_ways(before, least_db, late, number == 0)
        tried.extend(every)
        found_db.extend(margins_db)
        told(1.0)
        if not before.model.possible.any() or missing_for_anything(inputs):
            return
        one = min(every, key=lambda each: rank(inputs, each, least_db))
        before = one.searched or before
        if before.bound is None and best_of(inputs, tried, least_db) is one:
            bounding.begin(before.model)
        attempts = min(attempts, effort.searches_of(before.model))
        tried[:] = _with_few_models(inputs, tried)
        slack_db = slack_told_db(max(next_slack_db(found_db) - LEFT_TO_RAISE_DB, 0.0))
        reserve_db = next_reserve_db(inputs, before, one)
        goal = next_goal(asked, goal, before, one)


def _judged(searched: Searched) -> Tried:
    """What was found in a model, on the worlds that plans are chosen on."""
    return judge(searched.space.inputs, *searched.layout(), searched, CHOOSING_STREAM)


def _outside(searched: Searched) -> SpillResult:
    """What was found in a model does outside, on those worlds, at the grade asked for."""
    return judge_outside(searched.space.inputs, *searched.layout(), CHOOSING_STREAM)[0]


def _judged_both_ways(
    before: Searched, least_db: float, late: Callable[[], bool], first: bool
) -> tuple[list[Tried], list[tuple[float, float]]]:
    """What was found in a model, and the same with jammers as strong as the worlds leave room for outside.

    Jammers are raised more than once, each time after the worlds were asked what is left outside; rooms are judged of
    the strongest that breaks no limit, and of each where another process looks outside meanwhile; in the first search
    of what was found, too: a plan is left where simulations of other worlds find the strongest above a limit. Also
    slacks tried, in order, and the margins outside that came of them.
    """
    inputs = before.space.inputs
    if first:
        _judged(before)
    found_db = [(before.slack_db, full_margin_db(before, _outside(before).worst_margin_db))]
    best: Searched | None = None
    for _ in range(MOST_RAISES):
        stronger = None if late() else with_limits_used(before, found_db)
        if stronger is None:
            break
        if inputs.worked_out.staying is not None:
            _judged(stronger)
        spilled = _outside(stronger)
        found_db.append((stronger.slack_db, full_margin_db(stronger, spilled.worst_margin_db)))
        if not breaks(spilled, least_db) and (best is None or stronger.slack_db > best.slack_db):
            best = stronger
    every = [before] if first or best is None else []
    return [_judged(each) for each in (*every, *([] if best is None else [best]))], found_db


def _with_few_models(inputs: PlanningInputs, tried: list[Tried]) -> list[Tried]:
    """All attempts, of which only the best and the last keep the model that they were found in."""
    least_db = least_margin_db(tried)
    ranked = sorted((one for one in tried if one.searched is not None), key=lambda one: rank(inputs, one, least_db))
    kept = [*ranked[:MODELS_KEPT], tried[-1]]
    return [one if any(one is other for other in kept) else replace(one, searched=None) for one in tried]


def _holds(tried: list[Tried]) -> bool:
    """Whether some plan that was searched for keeps all limits, and nearly all its rooms are silent."""
    least_db = least_margin_db(tried)
    return any(one.searched is not None and broken(one, least_db) <= 0 and not is_short(one) for one in tried)


def _blocks_more(tried: list[Tried]) -> bool:
    """Whether some plan keeps all limits and blocks more than what stands."""
    least_db, standing = least_margin_db(tried), tried[0].attempt.weight_judged
    return any(broken(one, least_db) <= 0 and one.attempt.weight_judged > standing for one in tried[1:])


def _improves(inputs: PlanningInputs, tried: list[Tried]) -> bool:
    """Whether any plan that was searched for is better than the one to start from."""
    least_db = least_margin_db(tried)
    return any(rank(inputs, one, least_db) < rank(inputs, tried[1], least_db) for one in tried[2:])


def _reserves_of(inputs: PlanningInputs, start: Plan | None) -> NDArray[np.float64]:
    """Reserves of the first planning model: those of the plan to start from, as far as it has them.

    Its slack is left: that of a plan whose jammers were raised leaves no room to raise those of the next.
    """
    reserve_db = np.zeros(len(inputs.site.rooms))
    if start is None or start.attempts[start.chosen].confidence == 0:
        return reserve_db
    for claim in start.claimed:
        if claim.room in inputs.site.room_index:
            reserve_db[inputs.site.room_index[claim.room]] = min(
                max(claim.reserve_db, -MOST_RESERVE_DB), MOST_RESERVE_DB
            )
    return reserve_db


def warm_start_from(inputs: PlanningInputs, inside: RoomLevels, one: Tried) -> WarmStart | None:
    """What was judged without a search, as something to begin one with."""
    return as_warm_start(inputs, inside, one.devices[len(inputs.existing) :], one.treatments)


def so_far(inputs: PlanningInputs, tried: list[Tried]) -> str:
    best = best_of(inputs, tried, least_margin_db(tried)) if tried else None
    if best is None or best.attempt.rooms_judged == 0:
        return "searching"
    return f"searching; best so far {best.attempt.rooms_judged} rooms"

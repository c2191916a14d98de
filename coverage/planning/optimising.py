"""The door of this stage: which layout to buy within the budget.

Each attempt solves the planning model with its margins at one confidence, and judges the plan with the Monte Carlo on
one stream of worlds; the best is reported on another. What is chosen is never chosen on the worlds it is reported on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.attempts import (
    SPARE_DB,
    Searched,
    Tried,
    best_of,
    broken,
    is_met,
    least_margin_db,
    nearest_met,
    outcome,
)
from quietwing.coverage.planning.bounds import BoundAhead, Certificate, certify, gap_of, uncertified
from quietwing.coverage.planning.early_stop import GapStop, check_gap
from quietwing.coverage.planning.holes import holes_of
from quietwing.coverage.planning.improve import NEAR_ENOUGH
from quietwing.coverage.planning.milp import Goal
from quietwing.coverage.planning.paid_anyway import goal_of, missing_for_anything, nothing_to_buy
from quietwing.coverage.planning.plan import Hole, ModelFigures, Plan, Status
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.prepared import (
    CHOOSING_STREAM,
    REPORTING_STREAM,
    Prepared,
    demand_question,
    judge,
    prepare,
)
from quietwing.coverage.planning.search_space import MOST_LIFT_DB, RoomLevels
from quietwing.coverage.planning.searching import EFFORTS, given_in
from quietwing.coverage.planning.trying import try_all, warm_start_from
from quietwing.coverage.planning.verify import unsound_claims, verify_plan
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Sector, Site

__all__ = ["CHOOSING_STREAM", "REPORTING_STREAM", "optimise"]

LEFT_OVER = 0.05  # share of a budget that needs a reason
UNUSED_DB = 3.0  # likewise of the limits outside, above what is spared
Progress = Callable[[str, float], None]
Foreseen = Callable[[tuple[Device, ...], tuple[Treatment, ...]], None]


def optimise(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    *,
    existing: tuple[Device, ...] = (),
    start: Plan | None = None,
    time_limit_s: float | None = None,
    gap: float | None = None,
    progress: Progress | None = None,
    prepared: Prepared | None = None,
    foreseen: Foreseen | None = None,
) -> Plan:
    """The best plan found for a site, a budget or a target.

    Parameters
    ----------
    site : Site
        A checked site.
    sectors : tuple of Sector
        At least one.
    scenario : Scenario
        Budget, objective, what may be bought, tier, confidence, effort, seed.
    catalogue : mapping of str to Model
    existing : tuple of Device
        Devices that stand and stay.
    start : Plan, optional
        A plan of the same site: the answer protects no less, neither on the worlds plans are chosen on nor on those
        it is reported on, if it can be paid for.
    time_limit_s : float, optional
        No attempt begins after it. A plan that it cut short says so.
    gap : float, optional
        No attempt begins once the best plan is within it of the planning model's bound, as a share: 0.05 is 5 %.
    progress : callable, optional
        Called with what is being done, best so far included, and the share done.
    prepared : Prepared, optional
        The site made ready for a scenario that differs in nothing but money.
    foreseen : callable, optional
        Called with devices and treatments of the plan that will be the answer, if the checker finds no fault in it.

    Returns
    -------
    Plan

    Raises
    ------
    ScenarioError
        If the scenario asks for what cannot be, with every problem at once, or for more than its budget.
    """
    demand_question(site, scenario, catalogue, existing)
    check_gap(gap)
    say = progress or (lambda _what, _share: None)
    began = time.monotonic()
    effort = EFFORTS[scenario.effort]

    def late() -> bool:
        return time_limit_s is not None and time.monotonic() - began > time_limit_s

    if prepared is None:
        prepared = prepare(site, sectors, scenario, catalogue, existing=existing, progress=say)
    inputs, inside = prepared.inputs_for(scenario), prepared.inside
    tried: list[Tried] = []
    interrupted = False
    with BoundAhead(goal_of(inputs), effort.cuts) as bounding:
        stop = GapStop(gap, effort.gap, effort.cuts, bounding)
        try:
            tried.append(judge(inputs, existing, (), None, CHOOSING_STREAM))
            if start is not None:
                tried.append(_given(inputs, start))
            try_all(inputs, inside, effort, start, tried, bounding, late, say, stop)
        except KeyboardInterrupt:
            interrupted = True
            bounding.interrupt()
            if not tried:
                raise
        given = 1 if start is not None and tried[1:] else None
        try:
            plan = _plan(inputs, inside, tried, given, bounding, interrupted, late(), say, foreseen)
        except KeyboardInterrupt:  # while the bound or the checker was at work: the plan is there already
            bounding.interrupt()
            plan = _plan(inputs, inside, tried, given, bounding, True, late(), say, foreseen)
    return replace(plan, notes=(*plan.notes, *stop.notes))


def _given(inputs: PlanningInputs, start: Plan) -> Tried:
    """The plan to start from."""
    there = {device.id for device in inputs.existing}
    devices = (*inputs.existing, *(device for device in start.devices if device.id not in there))
    return judge(inputs, devices, start.treatments, None, CHOOSING_STREAM)


def _in_a_model(inputs: PlanningInputs, inside: RoomLevels, tried: list[Tried], one: Tried) -> Tried:
    """What was judged without a search, in the first planning model of those searched that allows it.

    As it was where none of them does: then nobody knows its value there.
    """
    searched_for = one.searched is not None or one.attempt.confidence > 0  # also where its model was given up
    warm_start = None if searched_for else warm_start_from(inputs, inside, one)
    if warm_start is None:
        return one
    ways = (given_in(other.searched, warm_start) for other in tried if other.searched is not None)
    placed = next((way for way in ways if way is not None), None)
    return one if placed is None else one.in_model(placed)


def _plan(
    inputs: PlanningInputs,
    inside: RoomLevels,
    tried: list[Tried],
    given: int | None,
    bounding: BoundAhead,
    interrupted: bool,
    late: bool,
    say: Progress,
    foreseen: Foreseen | None,
) -> Plan:
    """The best attempt that passes the checker."""
    start = None if given is None else tried[given]
    left, dropped, least_db = list(tried), list[str](), least_margin_db(tried)
    while True:
        best = best_of(inputs, left, least_db)
        if best is None:
            raise ScenarioError(f"no attempt passed the checker: {'; '.join(dropped)}")
        at = next(number for number, one in enumerate(tried) if one is best)
        left = [one for one in left if one is not best]
        asked = bool(left) and best is not start and best is not tried[0]
        if asked and (refused := _refused(inputs, best, tried[0], start, least_db)):
            dropped.append(f"attempt {at} was put aside: in independent simulations {refused}")
            continue
        if foreseen is not None:
            foreseen(best.devices, best.treatments)
        best = _in_a_model(inputs, inside, tried, best)
        tried = [best if number == at else one for number, one in enumerate(tried)]
        for claims_checked in (False, True):
            say("verifying the plan", 0.92)
            searched, goal = _model_of(tried, best), goal_of(inputs)
            nodes = 0 if interrupted or late or searched is None else _nodes_for(inputs, searched)
            if searched is not None and nodes:
                bounding.begin(searched.model)
            holes = holes_of(inputs, best, searched, goal)
            known = None if searched is None else uncertified(searched.found, goal)
            plan = _described(inputs, tried, best, holes, known, interrupted, late)
            faults = _faults(inputs, best, plan)
            if not faults and searched is not None:  # now the bound, which another process works on meanwhile
                say("computing an upper bound", 0.96)
                known = _certified(inputs, searched, bounding, interrupted or late, nodes)
                plan = _described(inputs, tried, best, holes, known, interrupted, late)
            if not faults:
                return replace(plan, notes=(*plan.notes, *dropped))
            question = inputs.site, inputs.sectors, inputs.scenario, inputs.catalogue
            wrong = () if claims_checked else unsound_claims(*question, plan, existing=inputs.existing)
            if not wrong:
                break
            best = best.without(wrong)
            tried = [best if number == at else one for number, one in enumerate(tried)]
            dropped.append(
                f"not claimed in the planning model, for windows beside them are treated: {', '.join(wrong)}"
            )
        dropped.append(f"attempt {at} was dropped, for the checker found: {faults[0]}")


def _faults(inputs: PlanningInputs, one: Tried, plan: Plan) -> tuple[str, ...]:
    """What the checker finds wrong with a plan."""
    return verify_plan(
        inputs.site,
        inputs.sectors,
        inputs.scenario,
        inputs.catalogue,
        plan,
        existing=inputs.existing,
        worlds=(one.judged, one.spilled),
        bare=inputs.bare,
        other=inputs.worked_out.staying,
    )


def _refused(inputs: PlanningInputs, best: Tried, standing: Tried, start: Tried | None, least_db: float) -> str:
    """Why the worlds that plans are reported on refuse one; nothing where they do not."""
    again = _afresh(inputs, best)
    if broken(again, least_db) > broken(best, least_db):
        return "it misses a limit"
    if again.attempt.weight_judged <= _afresh(inputs, standing).attempt.weight_judged:
        return "it blocks no further room"
    if start is not None:
        before = _afresh(inputs, start)
        if outcome(inputs, before, least_db) < outcome(inputs, again, least_db):
            return "the plan to start from does more"
    return ""


def _afresh(inputs: PlanningInputs, one: Tried) -> Tried:
    """A plan on the worlds that plans are reported on: these may refuse one, and choose none."""
    return judge(inputs, one.devices, one.treatments, None, REPORTING_STREAM)


def _model_of(tried: list[Tried], best: Tried) -> Searched | None:
    """The planning model that a plan was found in, or the last that was searched."""
    return best.searched or next((one.searched for one in reversed(tried) if one.searched is not None), None)


def _nodes_for(inputs: PlanningInputs, searched: Searched) -> int:
    """Of branch and bound, by which the bound of a plan is made tighter: none where the search's is near enough."""
    weight, pence = searched.found.score.weight, float(searched.found.score.cost_pence)
    gap = gap_of(weight if goal_of(inputs).target is None else pence, searched.bound)
    return EFFORTS[inputs.scenario.effort].nodes if gap is None or gap > NEAR_ENOUGH else 0


def _certified(
    inputs: PlanningInputs, searched: Searched, bounding: BoundAhead, ended: bool, nodes: int
) -> Certificate:
    """What is known of a model and the plan found in it, once its bound is there."""
    effort, goal = EFFORTS[inputs.scenario.effort], goal_of(inputs)
    ahead = bounding.of(searched.model, searched.found, nodes)
    both = [bound for bound in (searched.bound, ahead) if bound is not None]
    known = (min if goal.target is None else max)(both, default=None)
    return certify(searched.model, goal, searched.found, interrupted=ended, known=known, cuts=effort.cuts)


def _described(
    inputs: PlanningInputs,
    tried: list[Tried],
    best: Tried,
    holes: tuple[Hole, ...],
    certified: Certificate | None,
    interrupted: bool,
    late: bool,
) -> Plan:
    """An attempt with its bound, as far as it is known, its holes and what binds."""
    scenario, goal = inputs.scenario, goal_of(inputs)
    searched = _model_of(tried, best)
    status, value, bound = _as_judged(inputs, tried[0], best)
    model: ModelFigures | None = None
    notes = list(inputs.notes)
    if certified is not None:
        in_model = searched is best.searched
        worth = certified.value if in_model else None
        model = ModelFigures(
            certified.status if in_model else "feasible", worth, certified.bound, gap_of(worth, certified.bound)
        )
    if not is_met(inputs, best):
        notes.append(nearest_met(inputs, tried, best))
    missed_db = least_margin_db(tried)
    if missed_db < 0:
        notes.append(
            f"the existing layout exceeds the limits outside by {-missed_db:.1f} dB; no plan may make this worse"
        )
    if interrupted or (certified is not None and certified.status == "interrupted"):
        status = "interrupted"
    notes.extend(best.cost.notes)
    notes.extend(inputs.kept[1])
    notes.extend(_left_over(best, searched, goal))
    if missing := missing_for_anything(inputs):
        notes.append(
            f"nothing is searched for: the cheapest device or treatment costs £{missing / 100:,.2f} more than is "
            f"left of the budget; raise it"
        )
    claims = () if best.searched is None else best.searched.claims()
    return Plan(
        devices=best.devices,
        treatments=best.treatments,
        cost=best.cost,
        status=status,
        value=value,
        bound=bound,
        gap=gap_of(value, bound),
        rooms_model=len(claims),
        claimed=claims,
        holes=holes,
        attempts=tuple(one.attempt for one in tried),
        chosen=next(number for number, one in enumerate(tried) if one is best),
        candidates=0 if searched is None else len(searched.space.candidates),
        seed=scenario.seed,
        reproducible=not (interrupted or late)
        and (certified is None or certified.reproducible)
        and all(one.searched is None or one.searched.reproducible for one in tried),
        notes=tuple(dict.fromkeys(notes)),
        model=model,
    )


def _as_judged(inputs: PlanningInputs, standing: Tried, best: Tried) -> tuple[Status, float | None, float | None]:
    """Status, value and bound of a plan on the worlds of choice, with limits and needs as the rules have them.

    The planning model's bound is none of these: its limits and needs are tighter. A bound is known where nothing can
    be bought, where every room to be blocked is blocked, and where a target is met with nothing bought.
    """
    nothing = nothing_to_buy(inputs)
    if goal_of(inputs).target is None:
        rooms = best.judged.by_room
        value = best.attempt.weight_judged
        known = nothing or bool((rooms["called_silent"] | rooms["quiet_anyway"]).all())
    elif is_met(inputs, best):
        value = round(best.attempt.capex_gbp - standing.attempt.capex_gbp, 2)
        known = value == 0
    else:
        return ("infeasible" if nothing else "none found"), None, None
    return ("optimal" if known else "feasible"), value, (value if known else None)


def _left_over(best: Tried, searched: Searched | None, goal: Goal) -> list[str]:
    """Why a part of the budget is not spent, or a part of the limits not used."""
    found = []
    spent_gbp = best.attempt.capex_gbp
    if goal.budget_pence is not None and searched is not None and goal.target is None:
        left_gbp = goal.budget_pence / 100 - spent_gbp
        model = searched.model
        held = searched.found.score.protected[model.possible.any(axis=1) & (model.weight > 0)].all()
        if left_gbp > LEFT_OVER * goal.budget_pence / 100:
            why = "nothing that it buys brings a further room within the search effort; try a higher effort"
            if held:
                why = "every room that the planning model can block is blocked"
            elif searched.found.score.worst_limit > 1 - LEFT_OVER:
                why = "the planning model has no room left under the limits outside"
            found.append(f"£{math.floor(left_gbp):,} of the budget are not spent: {why}")  # costs are rounded up
    margin_db = best.attempt.spill_margin_db
    if best.searched is not None and SPARE_DB < margin_db - UNUSED_DB < math.inf:
        found.append(
            f"the limits outside are not used up: devices are as strong as their rooms need and up to "
            f"{MOST_LIFT_DB:g} dB more"
        )
    return found

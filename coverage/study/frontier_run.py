"""What more money buys: plans for a row of budgets, each search beginning with its neighbours' plans.

Budgets are searched upward, each from the best plan known for less; then downward, where a plan lies under the line
between its neighbours, from the dearer neighbour cut down to the budget. At the end each budget takes the best of all
plans that cost no more on the worlds of choice, and keeps the plan for less money where that one is reported better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Real

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout
from quietwing.coverage.other_process import OtherProcess
from quietwing.coverage.planning import (
    Frontier,
    FrontierPoint,
    PlanResult,
    Search,
    best_known,
    cheapest_known,
    check_budget,
    check_plan_scenario,
    prepare,
)
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.buying import LayoutGiven, as_bought, judged_afresh, ready_of
from quietwing.coverage.study.common import check_arguments, check_limits, wanted_sectors
from quietwing.coverage.study.frontier_apart import Apart
from quietwing.coverage.study.frontier_points import frontier_point, joined, reported
from quietwing.coverage.study.frontier_sweep import ANY_PRICE_GBP, Aim, Step, Sweep, downward
from quietwing.sites import Site, fingerprint, problems_text

__all__ = ["AUTO_BUDGETS", "MOST_BUDGETS", "Step", "frontier"]

MOST_BUDGETS = 20
AUTO_BUDGETS = 8


def frontier(
    site: Site,
    scenario: Scenario | None = None,
    budgets_gbp: Sequence[float] = (),
    *,
    auto: int = 0,
    least_cost_of: Sequence[int | float] = (),
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    maps: bool = False,
    time_limit_s: float | None = None,
    gap: float | None = None,
    before: Callable[[], Verdict] | None = None,
    progress: Step | None = None,
    apart: Apart | None = None,
    tell: Callable[[PlanResult], None] | None = None,
    other: OtherProcess | None = None,
) -> Frontier:
    """Plans for rising budgets, at both grades, what a further cell costs, and the knee.

    Parameters
    ----------
    site : Site
        A checked site with at least one mast.
    scenario : Scenario, optional
        As for `optimise`; the most is to be protected, whatever its `objective`, and its budget is not used.
    budgets_gbp : sequence of float
        Budgets, on the scenario's basis; sorted, each once. [£]
    auto : int
        In place of budgets: how many to choose, from the cheapest plan that silences a further cell to the price of
        a plan to which money sets no limit, in equal ratios, each rounded up to two digits.
    least_cost_of : sequence of int or float
        Numbers of cells, and shares of them as floats above 0 to 1: the cheapest plan found for each is a point too.
    devices, catalogue, other : as for `optimise`
    maps : bool
        Whether to compute the maps of every storey too, of all plans and the layout given.
    time_limit_s : float, optional
        Of each search. [s]
    gap : float, optional
        Of each search, as for `optimise`.
    before : callable, optional
        Gives the verdict on `devices` on the stream `REPORTING_STREAM`, if someone else works it out.
    progress : callable, optional
        Called with the number of the step from 0, how many there are as far as is known, what is being done, and the
        share of the step done, 0 to 1.
    apart : callable, optional
        Searches the budgets apart from each other (`quietwing.coverage.batch.frontier_on_cluster`), so that none
        begins from a cheaper plan.
    tell : callable, optional
        Called with each plan as soon as it is found and judged; another may be taken for its budget in the end.

    Returns
    -------
    Frontier
        After an interruption with what was found so far; it says which budgets are missing.

    Raises
    ------
    SiteError
        If the site has no mast.
    ScenarioError
        If there is no budget or too many, one is no amount of money, or the scenario asks for what is not there.
    """
    check_arguments(site, scenario, devices, catalogue)
    check_limits(time_limit_s, gap)
    budgets, targets = _checked(budgets_gbp, auto, least_cost_of)
    catalogue = read_catalogue() if catalogue is None else catalogue
    asked = replace(
        scenario or Scenario(),
        objective="most_protected",
        target_rooms=None,
        target_share=None,
        target_named=(),
        target_wing=(),
        budget_gbp=None,
    )
    sectors = wanted_sectors(site, asked, devices)
    existing = tuple(device for device in devices if device.state == "existing")
    _refuse_early(site, asked, budgets, targets, devices, existing, catalogue)
    say = progress or (lambda _number, _of, _what, _share: None)
    steps = (auto + 1 if auto else len(budgets)) + len(targets)
    prepared = prepare(
        site,
        sectors,
        replace(asked, budget_gbp=ANY_PRICE_GBP if auto else budgets[-1]),
        catalogue,
        existing=existing,
        progress=lambda what, share: say(0, steps, what, share),
        other=other,
    )
    if other is not None and other.stays and before is None:
        before = other.ask(LayoutGiven(asked, devices, maps)).result
    sweep = Sweep(
        site, asked, catalogue, prepared, existing, maps, time_limit_s, gap, say, steps, tell or (lambda _plan: None)
    )
    missing: tuple[float, ...] = budgets
    try:
        if auto:
            budgets = missing = _chosen_budgets(sweep, auto)
        for target in targets:
            sweep.least_cost(target, budgets[-1])
        if apart is not None:
            sweep.search_apart([one for one in budgets if one not in sweep.own], apart)
        for number, budget_gbp in enumerate(budgets):
            missing = budgets[number:]
            if budget_gbp not in sweep.own:
                sweep.search(budget_gbp, sweep.start_for(budget_gbp))
        missing = ()
        downward(sweep, budgets)
    except KeyboardInterrupt:
        if not sweep.found:
            raise
        sweep.interrupted = True
        if auto and not budgets:  # before they were chosen: the plan without a limit of money is there
            budgets = (_rounded_up(max(sweep.found[0].spent_gbp, 1.0)),)
            sweep.own = {budgets[0]: 0}
        missing = tuple(budget for budget in missing if budget not in sweep.own)
    return _result(sweep, budgets, targets, missing, devices, before)


def _checked(
    budgets_gbp: Sequence[float], auto: int, least_cost_of: Sequence[int | float]
) -> tuple[tuple[float, ...], tuple[Aim, ...]]:
    """Budgets and targets, sorted, each once."""
    row = isinstance(budgets_gbp, Iterable) and not isinstance(budgets_gbp, bytes)
    given = list(budgets_gbp) if row else []
    if not row or not all(isinstance(one, Real) for one in given):
        raise ScenarioError("budgets: are no row of numbers; give some amounts of £")
    budgets = sorted({float(one) for one in given})
    targets = sorted({_aim(one) for one in least_cost_of})
    if auto and budgets:
        raise ScenarioError("budgets: are given and are to be chosen too; give amounts of £, or none")
    wrong = [one for one in budgets if not (math.isfinite(one) and 0 <= one <= ANY_PRICE_GBP)]
    if wrong:
        raise ScenarioError(f"budgets: £{wrong[0]:g} is no budget (expected £0 to £1,000,000,000); correct it")
    number = (auto or len(budgets)) + len(targets)
    if not (auto or budgets) or number > MOST_BUDGETS or auto < 0 or auto == 1:
        count = auto or len(budgets)
        more = f" and {len(targets)} least_cost_of" if targets else ""
        raise ScenarioError(
            f"budgets: {count}{more} are given (expected 1 to {MOST_BUDGETS} together, 2 or more where they are "
            f"chosen); give some amounts of £"
        )
    return tuple(budgets), tuple(targets)


def _aim(one: int | float) -> Aim:
    """A whole number is one of cells, any other a share of them."""
    if isinstance(one, int) and not isinstance(one, bool) and one >= 1:
        return "target_rooms", one
    if isinstance(one, float) and 0 < one <= 1:
        return "target_share", one
    raise ScenarioError(
        f"least_cost_of: {one} is no number of rooms (expected 1 or more) nor a share (a float above 0 to 1); "
        f"correct it"
    )


def _refuse_early(
    site: Site,
    asked: Scenario,
    budgets: tuple[float, ...],
    targets: tuple[Aim, ...],
    devices: tuple[Device, ...],
    existing: tuple[Device, ...],
    catalogue: Mapping[str, Model],
) -> None:
    """Raise for what some search would refuse, before the first begins."""
    questions = [replace(asked, budget_gbp=budgets[0] if budgets else ANY_PRICE_GBP)]
    questions += [
        replace(asked, objective="least_cost", target_rooms=int(amount))
        for key, amount in targets
        if key == "target_rooms"
    ]
    problems = [*check_layout(site, devices)]
    for question in questions:
        problems += check_plan_scenario(site, catalogue, question)
    if problems:
        raise ScenarioError(problems_text(tuple(dict.fromkeys(problems))))
    check_budget(site, questions[0], catalogue, existing)


def _chosen_budgets(sweep: Sweep, number: int) -> tuple[float, ...]:
    """Budgets in equal ratios from the cheapest plan that silences a further cell to one without a limit of money."""
    top = sweep.search(ANY_PRICE_GBP, None, "any price")
    there = top.plan.attempts[0].rooms_judged  # what stands already, alone
    highest = _rounded_up(max(top.spent_gbp, 1.0))
    sweep.own = {highest: 0}
    lowest = highest / number
    least = (
        sweep.least_cost(("target_rooms", there + 1), highest)
        if top.plan.attempts[top.plan.chosen].rooms_judged > there
        else None
    )
    if least is not None:
        lowest = min(_rounded_up(max(least.spent_gbp, 1.0)), highest)
    sweep.target.clear()  # nobody asked for it
    sweep.unmet.clear()
    ratio = (highest / lowest) ** (1 / (number - 1))
    steps = [lowest, *(_rounded_up(lowest * ratio**step) for step in range(1, number - 1)), highest]
    budgets = tuple(sorted({float(min(one, highest)) for one in steps}))
    sweep.chosen_from = "highest" if least is None else "further cell"
    return budgets


def _rounded_up(amount_gbp: float) -> float:
    """Up to two digits: £13,000 for £12,345."""
    unit = 10.0 ** max(math.floor(math.log10(amount_gbp)) - 1, 0)
    return math.ceil(amount_gbp / unit - 1e-9) * unit


def _result(
    sweep: Sweep,
    budgets: tuple[float, ...],
    targets: tuple[Aim, ...],
    missing: tuple[float, ...],
    devices: tuple[Device, ...],
    before: Callable[[], Verdict] | None,
) -> Frontier:
    """Every budget with the best plan known, compared with its neighbours."""
    given: Verdict | None = None
    try:
        sweep.say(sweep.steps - 1, sweep.steps, "the layout given, in independent simulations", 1.0)
        given = (
            before()
            if before is not None
            else judged_afresh(
                sweep.site,
                sweep.asked,
                devices,
                sweep.catalogue,
                maps=sweep.maps,
                ready=ready_of(sweep.prepared.inputs, sweep.asked),
            )
        )
    except KeyboardInterrupt:
        sweep.interrupted = True
    offers = [one.offer for one in sweep.found]
    rows: list[tuple[float, int, int]] = [  # budget, own, taken
        (budget, sweep.own[budget], best_known(offers, budget, sweep.own[budget]))
        for budget in budgets
        if budget in sweep.own
    ]
    for target in targets:
        if target in sweep.target:
            taken = cheapest_known(offers, sweep.cells_needed(target), sweep.target[target])
            rows.append((sweep.found[taken].spent_gbp, sweep.target[target], taken))
    points = [_point(sweep, *row, given) for row in _never_worse(sweep, sorted(rows))]
    return joined(
        sweep.site,
        sweep.asked,
        points,
        missing_gbp=missing,
        interrupted=sweep.interrupted,
        chosen_from=sweep.chosen_from,
        unmet=sweep.unmet,
        given_judged=given is not None,
        searched_apart=sweep.apart,
    )


def _never_worse(sweep: Sweep, rows: Sequence[tuple[float, int, int]]) -> Iterator[tuple[float, int, int]]:
    """Rows in which no budget has a plan that is reported worse than one for less money: it keeps that one."""
    best: int | None = None
    for budget_gbp, own, taken in rows:
        if best is None or reported(sweep.found[taken].verdict) >= reported(sweep.found[best].verdict):
            best = taken
        elif sweep.found[own].asked.objective == "most_protected":
            taken = best
        yield budget_gbp, own, taken


def _point(sweep: Sweep, budget_gbp: float, own: int, taken: int, given: Verdict | None) -> FrontierPoint:
    one, searched = sweep.found[taken], sweep.found[own].asked
    asked = replace(searched, budget_gbp=budget_gbp)
    plan = one.plan
    # What is said for more money holds for less; for less money, or of a target, it says nothing here.
    same = one.asked.objective == asked.objective and (one.asked.budget_gbp or 0.0) >= budget_gbp
    if not same:
        plan = replace(plan, value=None, bound=None, gap=None, status="feasible")
    found_for_gbp = one.asked.budget_gbp or 0.0
    itself = taken == own and (asked.objective == "least_cost" or found_for_gbp == budget_gbp)
    if not itself:
        limit_gbp = None if found_for_gbp == ANY_PRICE_GBP else found_for_gbp
        plan = replace(plan, found_by=Search(one.asked.objective, limit_gbp))
    bought = as_bought(sweep.site, asked, plan.treatments)
    verdict = replace(
        one.verdict,
        scenario=bought,
        scenario_id=fingerprint(sweep.site, bought, plan.devices, dict(sweep.catalogue))[:12],
    )
    result = PlanResult(plan=plan, verdict=verdict, before=given, asked=asked)
    return frontier_point(
        result,
        spent_gbp=one.spent_gbp,
        found_for_gbp=budget_gbp if taken == own else found_for_gbp,
    )

"""What more money buys: plans for a row of budgets, each search beginning with its neighbours' plans.

Budgets are searched upward, each from the best plan known for less; then downward, where a plan lies under the line
between its neighbours, from the dearer neighbour cut down to the budget. At the end each budget takes the best of all
plans that cost no more, so that on the worlds of choice more money never silences less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout
from quietwing.coverage.planning.curve import (
    SPREADS,
    Chance,
    Frontier,
    FrontierPoint,
    Offer,
    best_known,
    cheapest_known,
    count_spread,
    knee,
    marginal,
)
from quietwing.coverage.planning.optimise import optimise as best_plan
from quietwing.coverage.planning.paid_anyway import check_budget
from quietwing.coverage.planning.plan import Plan, PlanResult
from quietwing.coverage.planning.prepared import REPORTING_STREAM, Prepared, prepare
from quietwing.coverage.planning.question import check_plan_scenario
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.plan_words import bound_shown
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.buying import as_bought, judged_afresh, spent_gbp
from quietwing.coverage.study.common import wanted_sectors
from quietwing.coverage.study.judging import Known
from quietwing.sites.errors import problems_text
from quietwing.sites.fingerprint import fingerprint
from quietwing.sites.model import Site

__all__ = ["AUTO_BUDGETS", "MOST_BUDGETS", "Step", "frontier"]

MOST_BUDGETS = 20
AUTO_BUDGETS = 8
ANY_PRICE_GBP = 1e9
SEARCHED = 0.7  # share of a step that is its search; the rest is judging
UNDER_LINE = 1.0  # assumed: cells under the line between its neighbours from which on a budget is searched again
Step = Callable[[int, int, str, float], None]


def frontier(
    site: Site,
    scenario: Scenario | None = None,
    budgets_gbp: Sequence[float] = (),
    *,
    auto: int = 0,
    least_cost_of: Sequence[int] = (),
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    maps: bool | Collection[float] = False,
    time_limit_s: float | None = None,
    before: Callable[[], Verdict] | None = None,
    progress: Step | None = None,
) -> Frontier:
    """Plans for rising budgets, with bounds, both grades, what a further cell costs, and the knee.

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
    least_cost_of : sequence of int
        Numbers of cells: the cheapest plan found for each is a point too.
    devices, catalogue, before : as for `optimise`
    maps : bool or collection of float
        Whether to compute the maps of every storey too, of all plans and the layout given, or of those budgets. [£]
    time_limit_s : float, optional
        Of each search. [s]
    progress : callable, optional
        Called with the number of the step from 0, how many there are as far as is known, what is being done, and the
        share of the step done, 0 to 1.

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
    budgets, targets = _checked(budgets_gbp, auto, least_cost_of)
    catalogue = read_catalogue() if catalogue is None else catalogue
    asked = replace(scenario or Scenario(), objective="most_protected", target_rooms=None, budget_gbp=None)
    sectors = wanted_sectors(site, asked)
    existing = tuple(device for device in devices if device.state == "existing")
    _refuse_early(site, asked, budgets, targets, devices, existing, catalogue)
    say = progress or (lambda _number, _of, _what, _share: None)
    steps = (auto + 1 if auto else len(budgets)) + len(targets)
    prepared = prepare(
        site,
        sectors,
        replace(asked, budget_gbp=None if auto else budgets[-1]),
        catalogue,
        existing=existing,
        progress=lambda what, share: say(0, steps, what, share),
    )
    sweep = _Sweep(site, asked, catalogue, prepared, existing, maps, time_limit_s, say, steps)
    missing: tuple[float, ...] = budgets
    notes: list[str] = []
    try:
        if auto:
            budgets = missing = _chosen_budgets(sweep, auto, notes)
        for target in targets:
            sweep.least_cost(target, budgets[-1], notes)
        for number, budget_gbp in enumerate(budgets):
            missing = budgets[number:]
            if budget_gbp not in sweep.own:
                sweep.search(budget_gbp, sweep.start_for(budget_gbp))
        missing = ()
        _downward(sweep, budgets)
    except KeyboardInterrupt:
        if not sweep.found:
            raise
        sweep.interrupted = True
        missing = tuple(budget for budget in missing if budget not in sweep.own)
    return _result(sweep, budgets, targets, missing, devices, before, notes)


def _checked(
    budgets_gbp: Sequence[float], auto: int, least_cost_of: Sequence[int]
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Budgets and targets, sorted, each once."""
    budgets, targets = sorted({float(one) for one in budgets_gbp}), sorted(set(least_cost_of))
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
    if any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in targets):
        raise ScenarioError(f"least_cost_of: {targets[0]} is no number of cells (expected 1 or more); correct it")
    return tuple(budgets), tuple(targets)


def _refuse_early(
    site: Site,
    asked: Scenario,
    budgets: tuple[float, ...],
    targets: tuple[int, ...],
    devices: tuple[Device, ...],
    existing: tuple[Device, ...],
    catalogue: Mapping[str, Model],
) -> None:
    """Raise for what some search would refuse, before the first begins."""
    questions = [replace(asked, budget_gbp=budgets[0] if budgets else ANY_PRICE_GBP)]
    questions += [replace(asked, objective="least_cost", target_rooms=target) for target in targets]
    problems = [*check_layout(site, devices)]
    for question in questions:
        problems += check_plan_scenario(site, catalogue, question)
    if problems:
        raise ScenarioError(problems_text(tuple(dict.fromkeys(problems))))
    check_budget(site, questions[0], catalogue, existing)


@dataclass(frozen=True)
class _Found:
    """A plan, what its search was asked, and its verdict on fresh worlds."""

    asked: Scenario
    plan: Plan
    verdict: Verdict

    @property
    def spent_gbp(self) -> float:
        return spent_gbp(self.plan, self.asked)

    @property
    def offer(self) -> Offer:
        """A plan of least cost counts cells, not their weights: beside others only where these are the same."""
        one = self.plan.attempts[self.plan.chosen]
        counts = self.asked.objective == "least_cost" and not _whole(self.verdict.site)
        return Offer(one.passed, -math.inf if counts else one.weight_judged, one.rooms_judged, self.spent_gbp)


@dataclass
class _Sweep:
    """The searches done so far, and what they share."""

    site: Site
    asked: Scenario
    catalogue: Mapping[str, Model]
    prepared: Prepared
    existing: tuple[Device, ...]
    maps: bool | Collection[float]
    time_limit_s: float | None
    say: Step
    steps: int
    step: int = 0
    found: list[_Found] = field(default_factory=list)
    own: dict[float, int] = field(default_factory=dict)  # by budget: the best of its own searches
    target: dict[int, int] = field(default_factory=dict)
    verdicts: dict[tuple[tuple[Device, ...], tuple[Treatment, ...]], Verdict] = field(default_factory=dict)
    interrupted: bool = False

    def search(self, budget_gbp: float, start: Plan | None, words: str | None = None) -> _Found:
        """One search for a budget, kept if it is the best of those for this budget."""
        one = self._run(replace(self.asked, budget_gbp=budget_gbp), start, words or f"£{budget_gbp:,.0f}")
        at = len(self.found) - 1
        before = self.own.get(budget_gbp)
        if before is None or best_known([self.found[before].offer, one.offer], budget_gbp, 0) == 1:
            self.own[budget_gbp] = at
        if one.plan.status == "interrupted":
            raise KeyboardInterrupt
        return one

    def least_cost(self, target: int, most_gbp: float, notes: list[str]) -> _Found | None:
        """The cheapest plan found that silences so many cells; None, and a note, where there is none."""
        question = replace(self.asked, objective="least_cost", target_rooms=target, budget_gbp=most_gbp)
        one = self._run(question, None, f"least cost of {target}")
        reached = one.plan.attempts[one.plan.chosen]
        met = reached.rooms_judged >= target and reached.passed
        if met:
            self.target[target] = len(self.found) - 1
        else:
            self.found.pop()
        if one.plan.status == "interrupted":
            raise KeyboardInterrupt
        if met:
            return one
        proven = "proven impossible" if one.plan.status == "infeasible" else "none was found"
        notes.append(
            f"no plan silences {target} cells for £{most_gbp:,.0f} or less ({proven}); the nearest silences "
            f"{reached.rooms_judged} for £{one.spent_gbp:,.0f}"
        )
        return None

    def start_for(self, budget_gbp: float) -> Plan | None:
        """The best plan known that can be paid for."""
        fitting = [at for at, one in enumerate(self.found) if one.spent_gbp <= budget_gbp]
        if not fitting:
            return None
        offers = [self.found[at].offer for at in fitting]
        return self.found[fitting[best_known(offers, budget_gbp, 0)]].plan

    def maps_of(self, budget_gbp: float | None) -> bool:
        """Whether the plan for a budget gets maps."""
        return self.maps if isinstance(self.maps, bool) else budget_gbp in self.maps

    def _run(self, question: Scenario, start: Plan | None, words: str) -> _Found:
        number, self.step = self.step, self.step + 1
        self.steps = max(self.steps, self.step)

        def tell(what: str, share: float) -> None:
            self.say(number, self.steps, f"{words} ({number + 1} of {self.steps}): {what}", share)

        plan = best_plan(
            self.site,
            self.prepared.ground.sectors,
            question,
            self.catalogue,
            existing=self.existing,
            start=start,
            time_limit_s=self.time_limit_s,
            progress=lambda what, share: tell(what, SEARCHED * share),
            prepared=self.prepared,
        )
        key = (plan.devices, plan.treatments)
        bought = as_bought(self.site, question, plan)
        if key not in self.verdicts:
            at_hand = self.prepared.known(*key, REPORTING_STREAM, question.objective)
            self.verdicts[key] = judged_afresh(
                self.site,
                bought,
                plan.devices,
                self.catalogue,
                maps=self.maps_of(question.budget_gbp),
                known=None if at_hand is None else Known(at_hand.judged, at_hand.every_spill),
                progress=lambda _what, share: tell("judging on fresh worlds", SEARCHED + (1 - SEARCHED) * share),
            )
        self.found.append(_Found(question, plan, self.verdicts[key]))
        return self.found[-1]


def _chosen_budgets(sweep: _Sweep, number: int, notes: list[str]) -> tuple[float, ...]:
    """Budgets in equal ratios from the cheapest plan that silences a further cell to one without a limit of money."""
    top = sweep.search(ANY_PRICE_GBP, None, "any price")
    there = top.plan.attempts[0].rooms_judged  # what stands already, alone
    highest = _rounded_up(max(top.spent_gbp, 1.0))
    sweep.own = {highest: 0}
    lowest = highest / number
    least = (
        sweep.least_cost(there + 1, highest, []) if top.plan.attempts[top.plan.chosen].rooms_judged > there else None
    )
    if least is not None:
        lowest = min(_rounded_up(max(least.spent_gbp, 1.0)), highest)
        sweep.target.clear()
    ratio = (highest / lowest) ** (1 / (number - 1))
    steps = [lowest, *(_rounded_up(lowest * ratio**step) for step in range(1, number - 1)), highest]
    budgets = tuple(sorted({float(min(one, highest)) for one in steps}))
    notes.append(
        f"budgets were chosen from £{budgets[0]:,.0f}, "
        + (
            "the cheapest plan found that silences a further cell, "
            if least is not None
            else "a part of the highest, "
        )
        + f"to £{highest:,.0f}, the price of the plan found without a limit of money, in equal ratios"
    )
    return budgets


def _rounded_up(amount_gbp: float) -> float:
    """Up to two digits: £13,000 for £12,345."""
    unit = 10.0 ** max(math.floor(math.log10(amount_gbp)) - 1, 0)
    return math.ceil(amount_gbp / unit - 1e-9) * unit


def _downward(sweep: _Sweep, budgets: tuple[float, ...]) -> None:
    """Search again, from the dearer neighbour's plan, where a budget lies under the line between its neighbours."""
    for at in range(len(budgets) - 2, -1, -1):
        here, above = (_best(sweep, budgets[one]) for one in (at, at + 1))
        below = _best(sweep, budgets[at - 1]) if at else None
        first = Offer(True, here.plan.attempts[0].weight_judged, 0, 0.0) if below is None else below.offer
        last, own = above.offer, here.offer
        if not (first.passed and last.passed and first.spent_gbp < budgets[at] < last.spent_gbp):
            continue
        share = (budgets[at] - first.spent_gbp) / (last.spent_gbp - first.spent_gbp)
        if own.weight < first.weight + share * (last.weight - first.weight) - UNDER_LINE:
            sweep.search(budgets[at], above.plan, f"£{budgets[at]:,.0f} again, from above")


def _best(sweep: _Sweep, budget_gbp: float) -> _Found:
    """The best plan known for a budget."""
    return sweep.found[best_known([one.offer for one in sweep.found], budget_gbp, sweep.own[budget_gbp])]


def _result(
    sweep: _Sweep,
    budgets: tuple[float, ...],
    targets: tuple[int, ...],
    missing: tuple[float, ...],
    devices: tuple[Device, ...],
    before: Callable[[], Verdict] | None,
    notes: list[str],
) -> Frontier:
    """Every budget with the best plan known, compared with its neighbours."""
    given: Verdict | None = None
    try:
        sweep.say(sweep.steps - 1, sweep.steps, "the layout given, on fresh worlds", 1.0)
        given = (
            before()
            if before is not None
            else judged_afresh(sweep.site, sweep.asked, devices, sweep.catalogue, maps=bool(sweep.maps))
        )
    except KeyboardInterrupt:
        sweep.interrupted = True
        notes.append("interrupted before the layout given was judged")
    offers = [one.offer for one in sweep.found]
    rows: list[tuple[float, int, int]] = [  # budget, own, taken
        (budget, sweep.own[budget], best_known(offers, budget, sweep.own[budget]))
        for budget in budgets
        if budget in sweep.own
    ]
    for target in targets:
        if target in sweep.target:
            taken = cheapest_known(offers, target, sweep.target[target])
            rows.append((sweep.found[taken].spent_gbp, sweep.target[target], taken))
    points = [_point(sweep, *row, given) for row in sorted(rows)]
    whole = _whole(sweep.site)
    chance = _chance(points, sweep.asked)
    points = [
        point if not at else replace(point, marginal=marginal(_step(points[at - 1], whole), _step(point, whole)))
        for at, point in enumerate(points)
    ]
    first = points[0].result.verdict
    return Frontier(
        site=sweep.site,
        asked=sweep.asked,
        grades=tuple(one.grade.name for one in first.grades),
        rooms=count_rooms(first).silence,
        whole=whole,
        points=tuple(points),
        knee=knee([point.spent_gbp for point in points], [point.cells[0] for point in points]),
        chance=chance,
        missing_gbp=missing,
        interrupted=sweep.interrupted,
        notes=tuple(dict.fromkeys(notes)),
    )


def _point(sweep: _Sweep, budget_gbp: float, own: int, taken: int, given: Verdict | None) -> FrontierPoint:
    one, searched = sweep.found[taken], sweep.found[own].asked
    asked = replace(searched, budget_gbp=budget_gbp)
    plan = one.plan
    # A bound for more money holds for less; a bound for less, or of money for a target, says nothing here.
    same = one.asked.objective == asked.objective and (one.asked.budget_gbp or 0.0) >= budget_gbp
    if not same:
        plan = replace(plan, value=None, bound=None, gap=None, status="feasible")
    found_for_gbp = one.asked.budget_gbp or 0.0
    if found_for_gbp != budget_gbp and asked.objective == one.asked.objective == "most_protected":
        words = "without a limit of money" if found_for_gbp == ANY_PRICE_GBP else f"for £{found_for_gbp:,.0f}"
        plan = replace(plan, notes=(f"found by the search {words}, whose notes these are", *plan.notes))
    bought = as_bought(sweep.site, asked, plan)
    judged = one.verdict
    if sweep.maps_of(budget_gbp) and not judged.maps:
        judged = judged_afresh(sweep.site, bought, plan.devices, sweep.catalogue, maps=True)
    verdict = replace(
        judged,
        scenario=bought,
        scenario_id=fingerprint(sweep.site, bought, plan.devices, dict(sweep.catalogue))[:12],
    )
    result = PlanResult(plan=plan, verdict=verdict, before=given, asked=asked)
    value, bound = (None, None) if asked.objective == "least_cost" else (plan.value, bound_shown(result))
    return FrontierPoint(
        budget_gbp=budget_gbp,
        spent_gbp=one.spent_gbp,
        found_for_gbp=budget_gbp if taken == own else found_for_gbp,
        result=result,
        cells=tuple(count_rooms(verdict, number).silent for number in range(len(verdict.grades))),
        cells_choice=plan.attempts[plan.chosen].rooms_judged,
        margin_db=tuple(math.inf if one.spill is None else one.spill.worst_margin_db for one in verdict.grades),
        kept=tuple(one.spill is not None and one.spill.passed for one in verdict.grades),
        value=value,
        bound=bound,
        gap=None if value is None or bound is None else max(bound - value, 0.0),
        marginal=None,
    )


def _whole(site: Site) -> bool:
    """Whether every room that must be silent weighs 1."""
    return all(room.weight == 1 for room in site.rooms if room.role == "silence")


def _step(point: FrontierPoint, whole: bool) -> tuple[float, int, float | None]:
    return point.spent_gbp, point.cells[0], point.gap if whole else None


def _chance(points: list[FrontierPoint], asked: Scenario) -> Chance:
    """Falls on fresh worlds, each with what chance explains of it."""
    falls = []
    for at in range(1, len(points)):
        lost = points[at - 1].cells[0] - points[at].cells[0]
        if lost <= 0:
            continue
        pair = [point.result.verdict.grades[0] for point in points[at - 1 : at + 1]]
        counted = ~(pair[0].by_room["quiet_anyway"].values | pair[1].by_room["quiet_anyway"].values)
        spread = count_spread(
            pair[0].silent[counted],
            pair[1].silent[counted],
            pair[0].grade.confidence,
            np.random.default_rng(asked.seed),
        )
        falls.append((at, lost, SPREADS * spread))
    return Chance(tuple(falls))

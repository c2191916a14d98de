"""A plan from end to end: chosen on some worlds, reported on others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.other_process import Asked, OtherProcess, all_answers
from quietwing.coverage.other_process import Known as Told
from quietwing.coverage.planning import REPORTING_STREAM, Plan, PlanningInputs, PlanResult, Prepared, prepare
from quietwing.coverage.planning import optimise as best_plan
from quietwing.coverage.results import Verdict, VerdictMap
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.common import Progress, check_arguments, check_limits, checked_sectors
from quietwing.coverage.study.contrast import HOLES_ON_PAGE, with_budgets
from quietwing.coverage.study.judging import Known, Ready, evaluate, make_ready, margin_map, storey_grids, with_maps
from quietwing.coverage.treatments import resolve_treatments, wishes_for
from quietwing.sites import PointSet, Site

__all__ = ["as_bought", "judged_afresh", "known_of", "optimise", "ready_of", "spent_gbp", "with_explained_holes"]

UNSPENT_SHARE = 0.05  # assumed: of a budget; a plan that leaves more had nothing better to buy


def optimise(
    site: Site,
    scenario: Scenario | None = None,
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    start: Plan | None = None,
    maps: bool = True,
    time_limit_s: float | None = None,
    gap: float | None = None,
    progress: Progress | None = None,
    other: OtherProcess | None = None,
) -> PlanResult:
    """What to buy within the scenario's budget, judged on worlds it was not chosen on.

    Parameters
    ----------
    site : Site
        A checked site with at least one mast.
    scenario : Scenario, optional
        What is asked: budget or target, what may be bought, tier, effort; the defaults without it.
    devices : tuple of Device
        The layout there is. Existing ones stand and stay; the plan is compared with all of them.
    catalogue : mapping of str to Model, optional
        What may be bought; the bundled UK-illustrative one without it.
    start : Plan, optional
        A plan for less money: the answer protects no less on the worlds plans are chosen on.
    maps : bool
        Whether to compute the maps of every storey too.
    time_limit_s : float, optional
        No attempt begins after it.
    gap : float, optional
        No attempt begins once the best plan is within it of the planning model's bound, as a share: 0.05 is 5 %.
    progress : callable, optional
        Called with what is being done and the share done, 0 to 1.
    other : OtherProcess, optional
        Works out a part of it; the answer is the same.

    Returns
    -------
    PlanResult

    Raises
    ------
    SiteError
        If the site has no mast.
    ScenarioError
        If the scenario or the layout names what is not there.
    """
    check_arguments(site, scenario, devices, catalogue)
    check_limits(time_limit_s, gap)
    scenario = scenario or Scenario()
    catalogue = read_catalogue() if catalogue is None else catalogue
    say = progress or (lambda _what, _share: None)
    sectors = checked_sectors(site, scenario, devices)
    existing = tuple(device for device in devices if device.state == "existing")
    began_s = time.monotonic()

    def searching(what: str, share: float) -> None:
        say(what, 0.7 * share)

    prepared = prepare(site, sectors, scenario, catalogue, existing=existing, progress=searching, other=other)
    staying = other if other is not None and other.stays else None
    given = None if staying is None else staying.ask(LayoutGiven(scenario, devices, maps))
    ahead = MapsAhead(site, scenario, staying) if maps and staying is not None else None
    if time_limit_s is not None:
        time_limit_s = max(time_limit_s - (time.monotonic() - began_s), 0.0)
    plan = best_plan(
        site,
        sectors,
        scenario,
        catalogue,
        existing=existing,
        start=start,
        time_limit_s=time_limit_s,
        gap=gap,
        progress=searching,
        prepared=prepared,
        foreseen=None if ahead is None else ahead.begin,
    )

    def judging(first: float) -> Progress:
        return lambda _what, share: say("judging in independent simulations", first + 0.15 * share)

    inputs, bought = prepared.inputs, as_bought(site, scenario, plan.treatments)
    known = known_of(prepared, plan, scenario)
    verdict = _judged(inputs, bought, plan.devices, maps and ahead is None, judging(0.7), known)
    before = _judged(inputs, scenario, devices, maps, judging(0.85), None) if given is None else given.result()
    if ahead is not None:
        verdict = ahead.put_into(verdict, plan, lambda share: say("maps", 0.85 + 0.15 * share))
    result = PlanResult(plan=plan, verdict=verdict, before=before, asked=scenario)
    result = with_explained_holes(result, catalogue, always=maps)
    say("done", 1.0)
    return result


@dataclass(frozen=True)
class LayoutGiven:
    """The layout that a plan is compared with, as a question to another process: it was told the `PlanningInputs`."""

    scenario: Scenario
    devices: tuple[Device, ...]
    maps: bool

    def answer(self, known: Told) -> Verdict:
        """Its verdict on the worlds that plans are reported on."""
        return _judged(known(PlanningInputs), self.scenario, self.devices, self.maps)


def _judged(
    inputs: PlanningInputs,
    scenario: Scenario,
    devices: tuple[Device, ...],
    maps: bool,
    progress: Progress | None = None,
    known: Known | None = None,
) -> Verdict:
    """A layout judged on the worlds that plans are reported on."""
    ready = ready_of(inputs, scenario)
    return judged_afresh(
        inputs.site, scenario, devices, inputs.catalogue, maps=maps, progress=progress, known=known, ready=ready
    )


class MapsAhead:
    """Maps of a plan that another process draws while the plan is still checked.

    Parameters
    ----------
    site : Site
    asked : Scenario
    other : OtherProcess
        That was told the `PlanningInputs`.
    """

    def __init__(self, site: Site, asked: Scenario, other: OtherProcess) -> None:
        self._site, self._asked, self._other = site, asked, other
        self._maps: dict[tuple[tuple[Device, ...], tuple[Treatment, ...]], list[Asked[VerdictMap]]] = {}

    def begin(self, devices: tuple[Device, ...], treatments: tuple[Treatment, ...]) -> None:
        """Those of a plan."""
        wanted = as_bought(self._site, self._asked, treatments)
        storeys = storey_grids(self._site, wanted)
        self._maps[devices, treatments] = [self._other.ask(PlanMap(wanted, devices, one)) for one in storeys]

    def put_into(self, verdict: Verdict, plan: Plan, tell: Callable[[float], None]) -> Verdict:
        """The verdict on a plan with its maps; `tell` is called with the share of them that is there."""
        asked = plan.devices, plan.treatments
        if asked not in self._maps:
            self.begin(*asked)
        return with_maps(verdict, all_answers(self._maps[asked], tell))


@dataclass(frozen=True)
class PlanMap:
    """One storey of a plan, as a question to another process: it was told the `PlanningInputs`."""

    scenario: Scenario
    devices: tuple[Device, ...]
    points: PointSet

    def answer(self, known: Told) -> VerdictMap:
        """Its map."""
        inputs: PlanningInputs = known(PlanningInputs)
        model = ready_of(inputs, self.scenario).model
        return margin_map(model, self.scenario, self.devices, inputs.catalogue, self.points)


def as_bought(site: Site, scenario: Scenario, treatments: tuple[Treatment, ...]) -> Scenario:
    """What was asked, with the treatments that a plan buys."""
    return replace(scenario, treatments=(*scenario.treatments, *wishes_for(site, treatments)))


def known_of(prepared: Prepared, plan: Plan, asked: Scenario) -> Known | None:
    """What the worlds that plans are reported on said of a plan, if its search asked them."""
    found = prepared.known(plan.devices, plan.treatments, REPORTING_STREAM, asked)
    return None if found is None else Known(found.judged, found.every_spill)


def ready_of(inputs: PlanningInputs, scenario: Scenario) -> Ready:
    """The site of a search ready to be judged with a scenario's treatments: its bare links are at hand."""
    treatments = resolve_treatments(inputs.site, scenario.treatments, inputs.catalogue)
    return make_ready(inputs.site, inputs.sectors, scenario, treatments, inputs.catalogue, inputs.bare)


def judged_afresh(
    site: Site,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    *,
    maps: bool,
    progress: Progress | None = None,
    known: Known | None = None,
    ready: Ready | None = None,
) -> Verdict:
    """A layout judged on worlds that no plan was chosen on.

    Parameters
    ----------
    site, scenario, devices, catalogue, maps, progress, known, ready : as for `evaluate`

    Returns
    -------
    Verdict
    """
    return evaluate(
        site,
        scenario,
        devices=devices,
        catalogue=catalogue,
        maps=maps,
        stream=REPORTING_STREAM,
        progress=progress,
        known=known,
        ready=ready,
    )


def with_explained_holes(result: PlanResult, catalogue: Mapping[str, Model], *, always: bool = False) -> PlanResult:
    """A plan with contrast budgets of its holes where it buys less than was asked, or always.

    Of those nearest to being silent; where rooms were asked for by name and are missing, of these.

    Parameters
    ----------
    result : PlanResult
    catalogue : mapping of str to Model
    always : bool
        For a result that is written: `quietwing evaluate --out` writes the same of its layout.

    Returns
    -------
    PlanResult
    """
    target = result.target
    missed = target is not None and not target.met
    if not always and not missed and not _less_than_asked(result.plan, result.asked):
        return result
    among = target.asked.rooms if missed and target is not None and target.asked.named else None
    return replace(result, verdict=with_budgets(result.verdict, catalogue, most=HOLES_ON_PAGE, among=among))


def spent_gbp(plan: Plan, scenario: Scenario) -> float:
    """What a plan costs on the basis of the budget. [£]"""
    return plan.cost.whole_life_gbp if scenario.budget_basis == "whole_life" else plan.cost.capex_gbp


def _less_than_asked(plan: Plan, scenario: Scenario) -> bool:
    """Whether a plan buys nothing, misses its target, or leaves more than a twentieth of the money."""
    if plan.status in ("infeasible", "none found"):
        return True
    if not plan.treatments and all(device.state == "existing" for device in plan.devices):
        return True
    if scenario.objective != "most_protected" or scenario.budget_gbp is None:
        return False
    return spent_gbp(plan, scenario) < (1 - UNSPENT_SHARE) * scenario.budget_gbp

"""A site made ready once for searches that differ in nothing but money: what a row of budgets shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import link_model, quiet_anyway, silence_points
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.other_process import OtherProcess
from quietwing.coverage.planning.attempts import Searched, Tried, judged_outside, margin_confidence
from quietwing.coverage.planning.attempts import judge as judged_anew
from quietwing.coverage.planning.paid_anyway import check_budget
from quietwing.coverage.planning.planning_inputs import PlanningInputs, prepare_inputs
from quietwing.coverage.planning.question import check_plan_scenario
from quietwing.coverage.planning.search_space import RoomLevels, room_levels
from quietwing.coverage.planning.target import credit_of
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.results import SpillResult
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Sector, Site, problems_text, trial_points

__all__ = ["CHOOSING_STREAM", "REPORTING_STREAM", "Prepared", "demand_question", "judge", "judge_outside", "prepare"]

CHOOSING_STREAM = 1  # worlds that plans are chosen on
REPORTING_STREAM = 0  # worlds that a plan is reported on: those of every verdict, so that one layout has one number
MONEY = ("budget_gbp", "objective", "target_rooms", "target_share")  # keys of a scenario in which searches may differ
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Prepared:
    """A site ready for any search that asks the same of it but for money.

    Attributes
    ----------
    inputs : PlanningInputs
        Of the scenario it was prepared with: the largest budget, for what costs more is left out. What a search
        works out in `inputs.worked_out` the next need not.
    inside : RoomLevels
    quiet_anyway : bool ndarray, shape (room,)
    """

    inputs: PlanningInputs
    inside: RoomLevels
    quiet_anyway: NDArray[np.bool_]

    def known(
        self, devices: tuple[Device, ...], treatments: tuple[Treatment, ...], stream: int, scenario: Scenario
    ) -> Tried | None:
        """What the worlds of a stream said of a layout, if a search that credits rooms alike asked them."""
        return self.inputs.worked_out.judged.get((devices, treatments, stream, *_credited(scenario)))

    def inputs_for(self, scenario: Scenario) -> PlanningInputs:
        """The same inputs with another budget or target.

        Raises
        ------
        ScenarioError
            If the scenario differs in more than money, or has more of it.
        """
        own = self.inputs.scenario
        if replace(scenario, **{name: getattr(own, name) for name in MONEY}) != own:
            raise ScenarioError("scenario: is not the one the site was prepared for; prepare it anew")
        if own.budget_gbp is not None and (scenario.budget_gbp is None or scenario.budget_gbp > own.budget_gbp):
            raise ScenarioError(
                f"scenario: budget_gbp: the site was prepared for £{own.budget_gbp:,.0f} at most; prepare it anew"
            )
        weight = credit_of(self.inputs.site, scenario)
        return replace(self.inputs, scenario=scenario, weight=np.where(self.quiet_anyway, 0.0, weight))


def demand_question(
    site: Site, scenario: Scenario, catalogue: Mapping[str, Model], existing: tuple[Device, ...]
) -> None:
    """Raise if a scenario asks for what cannot be, with every problem at once, or for more than its budget.

    Parameters
    ----------
    site : Site
    scenario : Scenario
    catalogue : mapping of str to Model
    existing : tuple of Device
        Devices that stand and stay.

    Raises
    ------
    ScenarioError
    """
    problems = check_plan_scenario(site, catalogue, scenario)
    if problems:
        raise ScenarioError(problems_text(problems))
    check_budget(site, scenario, catalogue, existing)


def prepare(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    *,
    existing: tuple[Device, ...] = (),
    progress: Progress | None = None,
    other: OtherProcess | None = None,
) -> Prepared:
    """Make a site ready for searches.

    Parameters
    ----------
    site : Site
    sectors : tuple of Sector
    scenario : Scenario
        With the largest budget of the searches, or none.
    catalogue : mapping of str to Model
    existing : tuple of Device
        Devices that stand and stay.
    progress : callable, optional
        Called with what is being done and the share of a search done.
    other : OtherProcess, optional
        Works out a part of what searches need, while it is there; told the inputs.

    Returns
    -------
    Prepared

    Raises
    ------
    ScenarioError
        As `demand_question`.
    """
    demand_question(site, scenario, catalogue, existing)
    say = progress or (lambda _what, _share: None)
    say("rooms without signal anyway", 0.0)
    bare = link_model(prepare_scene(site), sectors, scenario.rules)
    points = silence_points(site, trial_points(site))
    quiet = quiet_anyway(bare, scenario, points, stream=CHOOSING_STREAM)
    anyway = np.zeros(len(site.rooms), bool)
    anyway[quiet.rooms] = quiet.silent[0].mean(axis=1) >= scenario.asked.confidence
    say("places and treatments", 0.05)
    known = {CHOOSING_STREAM: quiet}
    inputs = prepare_inputs(site, sectors, scenario, catalogue, existing, anyway, quiet=known, bare=bare)
    if other is not None:
        other.tell(inputs)
        inputs.worked_out.other = other
    return Prepared(inputs, room_levels(inputs, margin_confidence(scenario)), anyway)


def _credited(scenario: Scenario) -> tuple[str, bool]:
    """By what a plan's weight is counted, of scenarios that differ in nothing but money."""
    return scenario.objective, scenario.target_share is not None


def judge(
    inputs: PlanningInputs,
    devices: tuple[Device, ...],
    treatments: tuple[Treatment, ...],
    searched: Searched | None,
    stream: int,
) -> Tried:
    """As `attempts.judge`; what a search of the same `Prepared` judged on these worlds is not judged again."""
    known = inputs.worked_out.judged
    key = (devices, treatments, stream, *_credited(inputs.scenario))
    found = known.get(key)
    if found is None:
        by_point = stream == REPORTING_STREAM  # of the plans reported alone
        found = judged_anew(inputs, devices, treatments, None, stream, by_point=by_point)
        known[key] = found
    return found if searched is None else found.in_model(searched)


def judge_outside(
    inputs: PlanningInputs, devices: tuple[Device, ...], treatments: tuple[Treatment, ...], stream: int
) -> tuple[SpillResult, ...]:
    """What a plan does outside, at each grade, of the verdict that `judge` gives: its rooms are left out.

    What was judged on these worlds is not judged again.
    """
    known = inputs.worked_out.judged.get((devices, treatments, stream, *_credited(inputs.scenario)))
    return judged_outside(inputs, devices, treatments, stream) if known is None else known.every_spill

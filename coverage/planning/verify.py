"""The independent checker of a plan: everything it says, worked out again from gains and prices.

Nothing of the planner's own rows, matrix, score or search is used: levels and spreads of single links come from
`blocking` on the site as it is really treated, sums are this module's own and decided in exact fractions, money is
counted in whole pence. What the planning model leaves out only helps, so a claim that fails here is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quietwing.coverage.blocking import Judgement, LinkModel
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.other_process import Known, OtherProcess
from quietwing.coverage.planning.checker.case import Case
from quietwing.coverage.planning.checker.claims import (
    claim_faults,
    keep_room_faults,
    margin_faults,
    outside_faults,
    receiver_faults,
    unsound,
)
from quietwing.coverage.planning.checker.judgement import (
    drawn,
    figure_faults,
    hole_faults,
    judgement_faults,
)
from quietwing.coverage.planning.checker.layout import layout_faults, unknown_faults, window_faults
from quietwing.coverage.planning.checker.money import money_faults
from quietwing.coverage.planning.plan import Plan
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.results import SpillResult
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import Sector, Site, trial_points

__all__ = ["unsound_claims", "verify_plan"]


def verify_plan(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    plan: Plan,
    *,
    existing: tuple[Device, ...] = (),
    worlds: tuple[Judgement, SpillResult] | None = None,
    bare: LinkModel | None = None,
    other: OtherProcess | None = None,
) -> tuple[str, ...]:
    """Everything of a plan that does not hold.

    Parameters
    ----------
    site : Site
        A checked site, as the plan was made for.
    sectors : tuple of Sector
    scenario : Scenario
    catalogue : mapping of str to Model
    plan : Plan
    existing : tuple of Device
        Devices that stood before the plan.
    worlds : tuple of Judgement and SpillResult, optional
        What the Monte Carlo found for the plan's layout on the worlds it was chosen on, if the caller has just drawn
        them; else they are drawn here. What the plan says is held against them either way.
    bare : LinkModel, optional
        Of the site without any treatment or operator action, if the caller has it.
    other : OtherProcess, optional
        That was told the `PlanningInputs` of this site: it looks at the places outside meanwhile.

    Returns
    -------
    tuple of str
        One line each, naming device, room, channel or place; empty if the plan stands. What names nothing the site
        or the catalogue has is told alone: the rest cannot be worked out.

    References
    ----------
    Assumption A56.
    """
    given = resolve_treatments(site, scenario.treatments, catalogue)
    case = Case(site, sectors, scenario, catalogue, plan, existing, given, bare)
    unknown = list(unknown_faults(case))
    if unknown:
        return tuple(unknown)
    claims = case.attempt.confidence > 0
    outside = other.ask(CheckedOutside(scenario, plan, existing)) if other is not None and claims else None
    treated = case.links((*given, *plan.treatments))
    tested = trial_points(treated.scene.site)
    judged, spilled = drawn(case, treated, tested) if worlds is None else worlds
    found = [
        *layout_faults(case),
        *window_faults(case),
        *money_faults(case),
        *judgement_faults(case, judged, spilled),
    ]
    found += [*hole_faults(case, judged), *figure_faults(case, judged)]
    if claims:
        found += [*margin_faults(case), *claim_faults(case, treated, tested)]
        near = [*keep_room_faults(case, treated, tested), *receiver_faults(case, treated)]
        found += [*(outside_faults(case, treated) if outside is None else outside.result()), *near]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class CheckedOutside:
    """What a plan claims of the places outside, as a question to another process: it was told `PlanningInputs`."""

    scenario: Scenario
    plan: Plan
    existing: tuple[Device, ...]

    def answer(self, known: Known) -> tuple[str, ...]:
        """Faults of these claims."""
        inputs = known(PlanningInputs)
        given = resolve_treatments(inputs.site, self.scenario.treatments, inputs.catalogue)
        case = Case(
            inputs.site, inputs.sectors, self.scenario, inputs.catalogue, self.plan, self.existing, given, inputs.bare
        )
        return tuple(outside_faults(case, case.links((*given, *self.plan.treatments))))


def unsound_claims(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    plan: Plan,
    *,
    existing: tuple[Device, ...] = (),
) -> tuple[str, ...]:
    """Rooms that a plan claims in the planning model and that do not hold with all of its windows treated.

    Parameters
    ----------
    site, sectors, scenario, catalogue, plan, existing : as for `verify_plan`

    Returns
    -------
    tuple of str
        In the order of the site's. The planning model treats a room's windows by themselves: where a blocker's ray
        comes through a neighbour's window that is treated too, it is weaker.
    """
    given = resolve_treatments(site, scenario.treatments, catalogue)
    case = Case(site, sectors, scenario, catalogue, plan, existing, given)
    treated = case.links((*given, *plan.treatments))
    rooms = {room for room, _ in unsound(case, treated, trial_points(treated.scene.site))}
    return tuple(site.rooms[room].id for room in sorted(rooms))

"""The independent checker of a plan: everything it says, worked out again from gains and prices.

Nothing of the planner's own rows, matrix, score or search is used: levels and spreads of single links come from
`blocking` on the site as it is really treated, sums are this module's own and decided in exact fractions, money is
counted in whole pence. What the planning model leaves out only helps, so a claim that fails here is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.planning.checker.case import Case
from quietwing.coverage.planning.checker.claims import (
    claim_faults,
    keep_room_faults,
    margin_faults,
    outside_faults,
    receiver_faults,
)
from quietwing.coverage.planning.checker.judgement import figure_faults, hole_faults, judged_rooms, judgement_faults
from quietwing.coverage.planning.checker.layout import layout_faults, unknown_faults, window_faults
from quietwing.coverage.planning.checker.money import money_faults
from quietwing.coverage.planning.plan import Plan
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites.model import Sector, Site
from quietwing.sites.trial_points import trial_points

__all__ = ["verify_plan"]


def verify_plan(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    plan: Plan,
    *,
    existing: tuple[Device, ...] = (),
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

    Returns
    -------
    tuple of str
        One line each, naming device, room, channel or place; empty if the plan stands. What names nothing the site
        or the catalogue has is told alone: the rest cannot be worked out.

    References
    ----------
    DESIGN §5; reliability.md N64, O06.
    """
    given = resolve_treatments(site, scenario.treatments, catalogue)
    case = Case(site, sectors, scenario, catalogue, plan, existing, given)
    unknown = list(unknown_faults(case))
    if unknown:
        return tuple(unknown)
    treated = case.links((*given, *plan.treatments))
    tested = trial_points(treated.scene.site)
    judged = judged_rooms(case, treated, tested)
    found = [
        *layout_faults(case),
        *window_faults(case),
        *money_faults(case),
        *judgement_faults(case, treated, tested, judged),
    ]
    found += [*hole_faults(case, judged), *figure_faults(case, judged)]
    if case.attempt.confidence > 0:
        found += [*margin_faults(case), *claim_faults(case, treated, tested), *outside_faults(case, treated)]
        found += [*keep_room_faults(case, treated, tested), *receiver_faults(case, treated)]
    return tuple(dict.fromkeys(found))

"""Budgets of a frontier searched apart from each other, as on a cluster: what is asked, and one answer.

Apart no search begins from a cheaper plan, so that plans may be worse than those of one process; each is the same
wherever and beside how many others it is searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.planning import Plan, Prepared, optimise, prepare
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Sector, Site

__all__ = ["Apart", "SearchesApart", "plan_apart", "prepared_apart"]


@dataclass(frozen=True)
class SearchesApart:
    """What the searches have in common.

    Attributes
    ----------
    site : Site
    sectors : tuple of Sector
    scenario : Scenario
        With the largest budget.
    catalogue : mapping of str to Model
    existing : tuple of Device
        Devices that stand and stay.
    time_limit_s : float or None
        Of each search. [s]
    gap : float or None
        Of each search, as for `quietwing.coverage.planning.optimise`.
    """

    site: Site
    sectors: tuple[Sector, ...]
    scenario: Scenario
    catalogue: Mapping[str, Model]
    existing: tuple[Device, ...]
    time_limit_s: float | None
    gap: float | None = None


Apart = Callable[[SearchesApart, Sequence[float]], Iterable[Plan]]  # yields a plan for each budget, in their order


def prepared_apart(asked: SearchesApart) -> Prepared:
    """The site made ready once for all searches of a process."""
    return prepare(asked.site, asked.sectors, asked.scenario, asked.catalogue, existing=asked.existing)


def plan_apart(asked: SearchesApart, prepared: Prepared, budget_gbp: float) -> Plan:
    """The best plan found for one budget.

    Parameters
    ----------
    asked : SearchesApart
    prepared : Prepared
        From `prepared_apart`; what earlier searches worked out changes no plan.
    budget_gbp : float
        [£]

    Returns
    -------
    Plan
    """
    return optimise(
        asked.site,
        asked.sectors,
        replace(asked.scenario, budget_gbp=budget_gbp),
        asked.catalogue,
        existing=asked.existing,
        time_limit_s=asked.time_limit_s,
        gap=asked.gap,
        prepared=prepared,
    )

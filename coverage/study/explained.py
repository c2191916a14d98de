"""Why a phone works in a room, and what a layout costs."""

from __future__ import annotations

from collections.abc import Mapping

from quietwing.coverage.blocking import RoomBudgets, explain_room
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.planning import Cost, cost
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites import Site

__all__ = ["explain", "price"]


def explain(
    site: Site, scenario: Scenario, room: str, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> RoomBudgets:
    """The link budgets of one room with the scenario's treatments in its windows.

    Parameters
    ----------
    site : Site
        Untreated.
    scenario : Scenario
    room : str
    devices : tuple of Device
    catalogue : mapping of str to Model

    Returns
    -------
    RoomBudgets

    Raises
    ------
    ScenarioError
        If there is no such room, or nobody tries a phone in it.
    """
    treated = treated_site(site, resolve_treatments(site, scenario.treatments, catalogue), catalogue)
    return explain_room(treated, scenario, room, devices=devices, catalogue=catalogue)


def price(
    site: Site,
    scenario: Scenario,
    devices: tuple[Device, ...],
    treatments: tuple[Treatment, ...],
    catalogue: Mapping[str, Model],
) -> Cost:
    """What a layout with its treatments costs, as the optimiser counts it.

    Parameters
    ----------
    site : Site
    scenario : Scenario
    devices : tuple of Device
    treatments : tuple of Treatment
        As from `resolve_treatments`.
    catalogue : mapping of str to Model

    Returns
    -------
    Cost

    Raises
    ------
    ScenarioError
        If a model is not in the catalogue, or the comms room no room of the site.
    """
    return cost(site, devices, treatments, catalogue, scenario)

"""What every search of a site is given: what may be bought and where, what it costs, and what must be silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    LinksAtHand,
    OutsidePoints,
    Tally,
    forbidden_bands,
    link_model,
    most_eirp_dbm,
    outside_points,
)
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.other_process import OtherProcess
from quietwing.coverage.planning.costing import head_ends_needed
from quietwing.coverage.planning.keep_choice import keep_choice
from quietwing.coverage.planning.known_levels import Known
from quietwing.coverage.planning.levels import HeadEnds
from quietwing.coverage.planning.modes import Modes, prepare_modes
from quietwing.coverage.planning.places import Spot, place_of, plan_spots
from quietwing.coverage.planning.planning_links import Base, PlanningLinks
from quietwing.coverage.planning.question import buyable_devices, buyable_treatments, offered_devices
from quietwing.coverage.planning.standing import (
    affordable,
    device_at,
    prices_of,
    runs_of_cable,
    stands_outdoors,
    where_stands,
)
from quietwing.coverage.planning.target import credit_of
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites import Sector, Site

if TYPE_CHECKING:
    from quietwing.coverage.planning.attempts import Tried

__all__ = ["JudgedKey", "PlanningInputs", "WorkedOut", "prepare_inputs"]

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
# Devices, treatments and stream of worlds; objective, and whether the target is a share, which credit rooms.
JudgedKey = tuple[tuple[Device, ...], tuple[Treatment, ...], int, str, bool]
Kept = tuple[dict[tuple[int, str], int], tuple[str, ...]]


@dataclass(eq=False)
class WorkedOut:
    """What searches of one site worked out and the next need not: money changes none of it.

    It fills while plans are searched for; a search finds the same with all, some or nothing of it.

    Attributes
    ----------
    known : Known
        Levels outside.
    kept : tuple of dict and tuple of str, or None
        Carriers held in keep rooms, and what nobody can keep. None until it is asked for.
    judged : dict of JudgedKey to Tried
        What random worlds said of a layout.
    quiet : dict of int to Tally
        Worlds without any blocker by stream.
    treated : tuple of tuple of Treatment, Site, LinkModel and LinksAtHand, or None
        The treatments that were bought last, the site with them, its links, and what is the same of every layout.
    at_hand : tuple of devices and treatments, and LinksAtHand, or None
        Of the layout that was judged last.
    other : OtherProcess or None
        That works out a part of it, and knows these inputs and their `PlanningLinks`.

    Neither it nor what was judged last is taken along to another process.
    """

    known: Known = field(default_factory=Known)
    kept: Kept | None = None
    judged: dict[JudgedKey, Tried] = field(default_factory=dict)
    quiet: dict[int, Tally] = field(default_factory=dict)
    treated: tuple[tuple[Treatment, ...], Site, LinkModel, LinksAtHand] | None = None
    at_hand: tuple[tuple[tuple[Device, ...], tuple[Treatment, ...]], LinksAtHand] | None = None
    other: OtherProcess | None = None

    @property
    def staying(self) -> OtherProcess | None:
        """The other process, where it stays while plans are searched for."""
        return self.other if self.other is not None and self.other.stays else None

    def end_what_leaves(self) -> None:
        """End the other process where it does not stay."""
        if self.other is not None and not self.other.stays:
            self.other.end()
            self.other = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "treated": None, "at_hand": None, "other": None}


@dataclass(frozen=True)
class PlanningInputs:
    """What does not depend on margins.

    Attributes
    ----------
    site : Site
        As given.
    sectors : tuple of Sector
    scenario : Scenario
    catalogue : mapping of str to Model
    given : tuple of Treatment
        Treatments that the scenario has already.
    existing : tuple of Device
    modes : Modes
    spots : tuple of Spot
    bases : tuple of Base
    head_ends : HeadEnds
    base_pence : dict of int to int
    outside : OutsidePoints
    wanted : bool ndarray, shape (room,)
        Rooms that must be silent, with a target only those that count for it.
    weight : float64 ndarray, shape (room,)
        Credit for each; 0 for those quiet anyway.
    notes : tuple of str
    bare : LinkModel
        The site without any treatment, for what is quiet anyway.
    worked_out : WorkedOut
        Shared with the inputs of every search that differs in nothing but money.
    """

    site: Site
    sectors: tuple[Sector, ...]
    scenario: Scenario
    catalogue: Mapping[str, Model]
    given: tuple[Treatment, ...]
    existing: tuple[Device, ...]
    modes: Modes
    spots: tuple[Spot, ...]
    bases: tuple[Base, ...]
    head_ends: HeadEnds
    base_pence: dict[int, int]
    outside: OutsidePoints
    wanted: NDArray[np.bool_]
    weight: NDArray[np.float64]
    notes: tuple[str, ...]
    bare: LinkModel
    worked_out: WorkedOut = field(default_factory=WorkedOut, compare=False, repr=False)

    @property
    def known(self) -> Known:
        """Levels outside, once they were worked out."""
        return self.worked_out.known

    @property
    def kept(self) -> Kept:
        """Carriers held in keep rooms, and what nobody can keep."""
        if self.worked_out.kept is None:
            around = PlanningLinks(self.modes, self.scenario, self.catalogue, self.spots, self.bases)
            self.worked_out.kept = keep_choice(around)
        return self.worked_out.kept


def prepare_inputs(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    existing: tuple[Device, ...],
    quiet_anyway: NDArray[np.bool_],
    *,
    quiet: Mapping[int, Tally] | None = None,
    bare: LinkModel | None = None,
) -> PlanningInputs:
    """Make a site ready for planning.

    Parameters
    ----------
    site : Site
    sectors : tuple of Sector
    scenario : Scenario
        Without problems, see `check_plan_scenario`.
    catalogue : mapping of str to Model
    existing : tuple of Device
        Devices that stand and stay.
    quiet_anyway : bool ndarray, shape (room,)
        Of the site's rooms: credited to nobody.
    quiet : mapping of int to Tally, optional
        Worlds without any blocker by stream, as far as they are known: they need not be drawn again.
    bare : LinkModel, optional
        Of the site without any treatment, where it is at hand.

    Returns
    -------
    PlanningInputs
    """
    given = resolve_treatments(site, scenario.treatments, catalogue)
    treated = treated_site(site, given, catalogue)
    if bare is None:
        bare = link_model(prepare_scene(site), sectors, scenario.rules)
    buyable = buyable_treatments(catalogue, scenario)
    modes = prepare_modes(treated, sectors, catalogue, scenario, given, buyable, bare)
    allowed = [name for name in buyable_devices(catalogue, scenario) if not forbidden_bands(catalogue[name])]
    barred = [name for name in buyable_devices(catalogue, scenario) if forbidden_bands(catalogue[name])]
    standing = {place_of(device.x_m, device.y_m, device.z_m) for device in existing}
    spots = [spot for spot in plan_spots(site) if place_of(spot.x_m, spot.y_m, spot.z_m) not in standing]
    bases: list[Base] = []
    for index, spot in enumerate(spots):
        for name in allowed:
            if catalogue[name].radiating_cable:
                continue
            if spot.indoors or stands_outdoors(spot, catalogue[name]):
                bases.append(Base(index, device_at(site, spot, name)))
    for spot, name in runs_of_cable(
        site, catalogue, [name for name in allowed if catalogue[name].radiating_cable], existing
    ):
        bases.append(Base(len(spots), replace(device_at(site, spot, name), route_m=spot.route_m)))
        spots.append(spot)
    for device in existing:
        building, room = where_stands(site, device)
        room = -1 if device.route_m else room  # a cable belongs to no single room
        spots.append(
            Spot(
                device.id, device.x_m, device.y_m, device.z_m, device.storey, room, building, building >= 0,
                device.route_m,
            )
        )  # fmt: skip
        bases.append(Base(len(spots) - 1, device, existing=True))
    kinds = tuple(dict.fromkeys(catalogue[base.device.model].head_end for base in bases))
    kinds = tuple(name for name in kinds if name)
    there = head_ends_needed(existing, catalogue)
    pence, head_pence = prices_of(site, bases, catalogue, scenario)
    notes = [f"{name} is left out: it would send on {forbidden_bands(catalogue[name])}" for name in barred]
    if scenario.budget_gbp is not None:
        bases, pence, dear = affordable(bases, pence, head_pence, there, catalogue, scenario.budget_gbp)
        notes.extend(f"{name} is left out: the first costs more than the budget" for name in dear)
    weight = credit_of(site, scenario)
    radiating = tuple(base.device for base in bases)
    if not scenario.equipment and any(catalogue[name].radiating_cable for name in offered_devices(catalogue)):
        notes.append("radiating cables are left out, for the scenario's equipment does not name them")
    return PlanningInputs(
        site=site,
        sectors=sectors,
        scenario=scenario,
        catalogue=catalogue,
        given=given,
        existing=existing,
        modes=modes,
        spots=tuple(spots),
        bases=tuple(bases),
        head_ends=HeadEnds(
            name=kinds,
            cost_pence=np.array([head_pence[name] for name in kinds], np.int64),
            capacity=np.array([catalogue[name].head_end_capacity for name in kinds], np.int64),
            existing=np.array([there.get(name, 0) for name in kinds], np.int64),
        ),
        base_pence=pence,
        outside=outside_points(site, most_eirp_dbm(radiating, catalogue, site.sectors)),
        wanted=weight > 0,
        weight=np.where(quiet_anyway, 0.0, weight),
        notes=tuple(notes),
        bare=bare,
        worked_out=WorkedOut(quiet=dict(quiet or {})),
    )

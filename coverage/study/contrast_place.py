"""A verdict's site made ready again for contrast budgets, and what meshes and films add there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    OutsidePoints,
    blocker_links,
    draft_signal,
    kernel_limits,
    link_model,
    most_eirp_dbm,
    outside_points,
    public_links,
    silence_points,
)
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.planning import Modes, Spot, buyable_treatments, plan_spots, prepare_modes
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.results import Verdict
from quietwing.coverage.study.common import wanted_sectors
from quietwing.coverage.study.contrast_offers import Offer, Sender, senders_offered
from quietwing.coverage.treatments import treated_site
from quietwing.sites import scattered, trial_points

__all__ = ["Place", "prepared", "treatments_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A verdict's site made ready again, in every mode of its windows."""

    verdict: Verdict
    catalogue: Mapping[str, Model]
    modes: Modes
    spots: tuple[Spot, ...]
    outside: OutsidePoints
    data: xr.Dataset
    noise_limit_dbm: Floats
    senders: tuple[Sender, ...]

    @property
    def model(self) -> LinkModel:
        return self.modes.models[0]


def prepared(verdict: Verdict, catalogue: Mapping[str, Model], bare: LinkModel | None = None) -> Place:
    """The site's links, in every mode of its windows, and the places outside; `bare` as of `make_ready`."""
    site, scenario = verdict.site, verdict.scenario
    sectors = wanted_sectors(site, scenario)
    bare = bare or link_model(prepare_scene(site), sectors, scenario.rules)
    treated = treated_site(site, verdict.treatments, catalogue)
    buyable = tuple(
        name for name in buyable_treatments(catalogue, scenario) if catalogue[name].construction in site.constructions
    )
    modes = prepare_modes(treated, sectors, catalogue, scenario, verdict.treatments, buyable, bare)
    on = tuple(device for device in verdict.devices if device.state != "off")
    limits = kernel_limits(modes.models[0], scenario, (scenario.asked,))
    if verdict.spill is None:
        raise ScenarioError("the verdict has no spill; judge the layout with it first")
    return Place(
        verdict,
        catalogue,
        modes,
        plan_spots(site),
        outside_points(site, most_eirp_dbm(on, catalogue, site.sectors)),
        verdict.spill.outside,
        limits.noise_limit,
        senders_offered(modes.models[0], catalogue, scenario),
    )


def treatments_of(place: Place, offers: Mapping[int, Offer]) -> dict[int, tuple[float, str, str]]:
    """What the best treatment adds in each room with its best device, its models, and the line's words."""
    modes = place.modes
    if not offers:
        return {}
    treatable = {room: offer for room, offer in offers.items() if room in modes.windows}
    plain_db = _apart_db(place, 0, treatable)
    best: dict[int, tuple[float, str]] = dict.fromkeys(treatable, (0.0, ""))
    for mode, names in enumerate(modes.names):
        for room, apart_db in _apart_db(place, mode, treatable).items() if mode else ():
            best[room] = max(best[room], (plain_db[room] - apart_db, " and ".join(names)), key=lambda one: one[0])
    found = {}
    for room in offers:
        adds_db, names_in_words = best.get(room, (0.0, ""))
        words = f"{names_in_words} in the windows" if names_in_words else "no mesh or film on offer adds anything"
        if room not in treatable:
            words = "no window here that a plan could treat"
        found[room] = adds_db, names_in_words, words
    return found


def _apart_db(place: Place, mode: int, offers: Mapping[int, Offer]) -> dict[int, float]:
    """Largest public level less device level over each room's points, plus the device's level at its place. [dB]"""
    if not offers:
        return {}
    model = place.modes.models[mode]
    site, rooms = model.scene.site, list(offers)
    points = silence_points(site, trial_points(site))
    points = points.some(np.flatnonzero(np.isin(points.room, rooms)))
    devices = tuple(replace(offer.device, id=f"{offer.device.id}-{room}") for room, offer in offers.items())
    rsrp_dbm = draft_signal(model, public_links(model, points)).rsrp_dbm
    level_dbm = blocker_links(model, devices, place.catalogue, points).level_dbm
    there = scattered(place.outside.points.xyz_m[[offer.place for offer in offers.values()]])
    outside_dbm = blocker_links(model, devices, place.catalogue, there, outside=True).level_dbm
    found = {}
    for row, (room, offer) in enumerate(offers.items()):
        own = points.room == room
        channel = model.carrier_channel == model.carrier_channel[offer.carrier]
        apart_db = (rsrp_dbm[offer.carrier, own] - level_dbm[row, offer.carrier, own]).max()
        found[room] = float(apart_db + outside_dbm[row, channel, row].max())
    return found

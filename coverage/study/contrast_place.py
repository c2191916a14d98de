"""A verdict's site made ready again for contrast budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    OutsidePoints,
    kernel_limits,
    link_model,
    most_eirp_dbm,
    outside_points,
)
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.planning import Modes, Spot, buyable_treatments, plan_spots, prepare_modes
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.results import Verdict
from quietwing.coverage.study.common import wanted_sectors
from quietwing.coverage.study.contrast_offers import Sender, senders_offered
from quietwing.coverage.treatments import treated_site
from quietwing.sites import Sector

__all__ = ["Place", "prepared"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A verdict's site made ready again, in every mode of its windows."""

    verdict: Verdict
    catalogue: Mapping[str, Model]
    bare: LinkModel
    sectors: tuple[Sector, ...]
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
        bare,
        sectors,
        modes,
        plan_spots(site),
        outside_points(site, most_eirp_dbm(on, catalogue, site.sectors)),
        verdict.spill.outside,
        limits.noise_limit,
        senders_offered(modes.models[0], catalogue, scenario),
    )

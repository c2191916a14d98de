"""Places called clean break a ratio in no more worlds than they may; judged anew with numpy's own random numbers.

On a large site, at both grades; `test_claim_in_fresh_worlds` does the same on a small one.
"""

from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.outside import OutsidePoints, outside_points
from quietwing.coverage.blocking.spills import spill_outside
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site
from quietwing.sites.points import scattered

plain_worlds = module_at("tests/engine/blocking/plain_worlds.py")
WORLDS = 2000
CHANNELS = ("EE/B20/LTE", "O2/B3/LTE", "VF/B3/LTE", "EE/B7/LTE")


def every_third(places: OutsidePoints) -> OutsidePoints:
    """Fewer places, the rings and receptors still among them."""
    kept = np.arange(0, len(places), 3)
    return OutsidePoints(
        scattered(places.points.xyz_m[kept]),
        tuple(places.ring[k] for k in kept),
        tuple(places.name[k] for k in kept),
        places.people[kept],
        places.distance_m[kept],
    )


@pytest.fixture(scope="module")
def case():
    """Jammers near the windows of houseblock: some places outside are clean and some are not."""
    site = replace(load_site("houseblock"), outside_levels=())  # what was read there may change
    sectors = tuple(sector for sector in site.sectors if sector.channel in CHANNELS)
    bands = (
        BandPower("low", 750, 970, 12.0),
        BandPower("mid", 1800, 2200, 14.0),
        BandPower("top", 2600, 2700, 16.0),
    )
    catalogue = {"node": Model(name="node", kind="jammer", bands=bands)}
    devices = []
    for room in [room for room in site.rooms if room.id[0] in "AB" and room.id[3:].isdigit()][::4]:
        centre, floor_m = room.outline.centroid, site.buildings[0].storeys[room.storey].floor_m
        devices.append(Device(room.id, "node", centre.x, centre.y, floor_m + 1.5, room.storey))
    model = link_model(prepare_scene(site), sectors)
    outside = every_third(outside_points(site))
    public = public_links(model, outside.points)
    blockers = blocker_links(model, tuple(devices), catalogue, outside.points, outside=True)
    return model, outside, public, blockers


def said_clean(case, softer_db: float = 0.0) -> np.ndarray:
    """Where the product says that the limits hold, (grade, channel, place)."""
    model, outside, public, blockers = case
    softer = replace(blockers, level_dbm=blockers.level_dbm - np.float32(softer_db))
    found = spill_outside(model, Scenario(worlds=4000, seed=5), public, softer, outside)
    return np.stack([data["margin_db"].values >= 0 for data in found])


@pytest.fixture(scope="module")
def broken(case) -> np.ndarray:
    """Share of fresh worlds in which each ratio of each grade is broken, (grade, ratio, channel, place)."""
    model, outside, public, blockers = case
    return plain_worlds.broken_outside(plain_worlds.Fresh(model, WORLDS, 99), public, blockers, len(outside))


def too_often(clean, broken) -> bool:
    """Whether any place called clean breaks a ratio more often than noise explains: 3.5 √(p(1 − p)/n)."""
    return any(
        (broken[g, row][clean[g]] > may + 3.5 * np.sqrt(may * (1 - may) * 1.5 / WORLDS)).any()
        for g, (_, _, share) in enumerate(plain_worlds.TIERS)
        for row, may in enumerate((0.5, 1 - share))
    )


@pytest.mark.slow
def test_places_called_clean_break_no_ratio_in_more_worlds_than_they_may(case, broken):
    clean = said_clean(case)
    for g, (_, _, share) in enumerate(plain_worlds.TIERS):
        assert clean[g].sum() >= 50
        assert (~clean[g]).sum() >= 50
        near = clean[g] & (broken[g, 1] > (1 - share) / 10)  # not only places that are clean by a mile
        assert near.sum() >= 20
        assert broken[g, 1][near].mean() <= 1 - share
    assert not too_often(clean, broken)


@pytest.mark.slow
def test_one_grade_taken_for_the_other_and_half_the_power_are_caught(case, broken):
    assert too_often(said_clean(case)[::-1], broken)
    assert too_often(said_clean(case, softer_db=3.0), broken)

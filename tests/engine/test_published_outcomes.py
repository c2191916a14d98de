"""What was seen at real sites, as facts of the model, and rough figures worked out by hand recomputed."""

import math
from pathlib import Path

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.judging import silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site
from quietwing.sites.trial_point_sets import trial_points

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_source_at_the_hub_fails_at_the_ends_of_the_spurs():
    """Midlands Prison: good near the circle where the landings radiate, fails at the far ends (press, 2009)."""
    site = load_site("radial")
    sectors = tuple(sector for sector in site.sectors if sector.channel == "O2/B20/LTE")
    model = link_model(prepare_scene(site), sectors)
    points = silence_points(site, trial_points(site))
    hub = {"hub": Model(name="hub", kind="jammer", bands=(BandPower("B20", 791, 821, 43.0),))}
    device = (Device("h", "hub", 0.0, 0.0, 9.0),)
    blockers = blocker_links(model, device, hub, points)
    margin = draft_margin_db(model, Scenario(confidence=0.5), public_links(model, points), blockers)[0]
    atrium = [k for k in range(len(points)) if site.rooms[points.room[k]].id == "A1-atrium"]
    cells = {
        name: min(margin[k] for k in range(len(points)) if site.rooms[points.room[k]].id == name)
        for name in ("A1-01", "A1-13", "A1-25")
    }
    assert margin[atrium].min() > 0  # the hub's source reaches down the open spur
    assert cells["A1-25"] < 0  # but not into the last cell
    assert cells["A1-25"] < cells["A1-01"]
    # By hand for the middle of the atrium's far third: 43 dBm over 30 MHz at 15 kHz is 10 dBm; free space over the
    # distance; nothing stands between the hub and the atrium floor but the open void.
    far = max(atrium, key=lambda k: points.xyz_m[k, 1] if points.kind[k] == "spread" else 0)
    d = math.dist((0.0, 0.0, 9.0), points.xyz_m[far])
    # a body between phone and hub takes 3 dB
    by_hand = 43 - 3 - 10 * math.log10(30e6 / 15e3) - 20 * math.log10(4 * math.pi * d * 816e6 / 299792458)
    assert float(blockers.level_dbm[0, 0, far]) == pytest.approx(by_hand, abs=1.0)


@pytest.fixture(scope="module")
def expectations():
    return module_at("docs/what_to_expect.py")


@pytest.mark.slow
def test_the_rough_figures_of_design_are_met_within_4_db_but_for_the_mesh(expectations):
    found = expectations.recomputed()
    for name, (low, high) in expectations.EXPECTED.items():
        apart = max(low - found[name], found[name] - high, 0.0)
        if name == "contrast bought by the mesh [dB]":
            assert 4.0 < apart < 8.0  # explained line by line in the script; when the detour comes this must shrink
        else:
            assert apart <= 4.0, f"{name}: {found[name]:.1f}"
    parts = found["… of it less power needed inside [dB]"] + found["… of it less let out per watt [dB]"]
    assert parts == pytest.approx(found["contrast bought by the mesh [dB]"])
    assert np.isfinite(list(found.values())).all()

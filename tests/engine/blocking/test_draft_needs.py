"""A phone with two antennas needs more against a single source; margins that add powers ask for it throughout."""

from __future__ import annotations

from dataclasses import fields

import pytest
from numpy.testing import assert_allclose, assert_array_equal

from quietwing.coverage.blocking.draft import draft_needs
from quietwing.coverage.blocking.links import link_model
from quietwing.coverage.blocking.montecarlo import carrier_needs
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Sector
from quietwing.sites.synthetic import build_wing, describe

SECTOR = Sector(
    id="ee", operator="EE", plmn="234-30", band="B20", technology="LTE", freq_mhz=798.5, bandwidth_mhz=5.0,
    x_m=2.5, y_m=-600.0, height_m=25.0, azimuth_deg=0.0, tilt_deg=0.0, pattern="omni", eirp_dbm=35.0,
    environment="UMa", sigma_db=3.0,
)  # fmt: skip


@pytest.mark.parametrize(("grade", "more_db"), [("planning", 0.0), ("evidence", 3.0)])
def test_margins_ask_for_three_decibels_more_at_evidence_grade(grade, more_db):
    site, scenario = build_wing(describe("needs", type="wing", cells=2, storeys=1)), Scenario(grade=grade)
    model = link_model(prepare_scene(site), (SECTOR,), scenario.rules)
    drafted, of_worlds = draft_needs(model, scenario), carrier_needs(model, scenario)
    assert len(drafted.need) == 1
    assert_allclose(drafted.need - of_worlds.need, [more_db], atol=1e-5)
    for part in fields(drafted):
        if part.name != "need":
            assert_array_equal(getattr(drafted, part.name), getattr(of_worlds, part.name))

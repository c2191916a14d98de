"""Four cells and a landing behind foil-faced walls, one window broken open, and what is asked of plans for them.

No jammer silences the cell with the broken window within the limits outside, unless the fence is far away.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import pytest

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.plan import Plan
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.store import scenario_text
from quietwing.sites import save_site
from quietwing.sites.model import Sector, Site
from quietwing.sites.synthetic import build_wing, describe

CATALOGUE = read_catalogue()
MOST = Scenario(
    grade="evidence",
    worlds=200,
    grid_m=1.0,
    effort="quick",
    spill_tier="service",
    equipment=("micro_jammer",),
    treat_with=("none",),
    budget_gbp=5000.0,
)
EE20 = Sector(
    id="ee", operator="EE", plmn="234-30", band="B20", technology="LTE", freq_mhz=798.5, bandwidth_mhz=5.0,
    x_m=2.5, y_m=-600.0, height_m=25.0, azimuth_deg=0.0, tilt_deg=0.0, pattern="omni", eirp_dbm=35.0,
    environment="UMa", sigma_db=3.0,
)  # fmt: skip
O2_8 = replace(
    EE20, id="o2", operator="O2", plmn="234-10", band="B8", freq_mhz=941.3, bandwidth_mhz=10.0, x_m=-400.0, y_m=500.0
)


def four_cells(fence_distance_m: float) -> Site:
    wing = build_wing(
        describe(
            "test", type="wing", cells=4, storeys=1, outer_wall="precast_sandwich_foil",
            cell_wall="precast_sandwich_foil", roof="foil_roof", window="glass_low_e", window_state="sealed",
            fence_distance_m=fence_distance_m,
        )
    )  # fmt: skip
    openings = tuple(replace(o, state="open") if o.id == "A1-01-window" else o for o in wing.openings)
    return replace(wing, sectors=(EE20, O2_8), openings=openings)


def open_windows() -> Site:
    """Of plain walls, with every window open: hardly a cell can be had within the limits outside."""
    wing = build_wing(describe("test", type="wing", cells=4, storeys=1, fence_distance_m=150.0, window_state="open"))
    return replace(wing, sectors=(EE20, O2_8))


@pytest.fixture(scope="module")
def site() -> Site:
    """So near to the fence that what silences the cell with the broken window breaks a limit outside."""
    return four_cells(60.0)


@pytest.fixture(scope="module")
def far_site() -> Site:
    """So far from the fence that every cell can be had."""
    return four_cells(250.0)


@pytest.fixture(scope="module")
def plan_for(site):
    """The plan for a question, worked out once."""

    @functools.cache
    def found(scenario: Scenario) -> Plan:
        return optimise(site, site.sectors, scenario, CATALOGUE)

    return found


def judged(plan: Plan):
    return plan.attempts[plan.chosen]


LEAST = replace(MOST, budget_gbp=None, objective="least_cost")


def with_money(budget_gbp: float) -> Scenario:
    return replace(MOST, budget_gbp=budget_gbp)


def target(rooms: int) -> Scenario:
    return replace(LEAST, target_rooms=rooms)


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("sites") / "wing"
    save_site(site, place)
    (place / "scenario.toml").write_text(scenario_text(MOST), "utf-8")
    return place

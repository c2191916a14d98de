"""Radiating cables in plans: where they may run, that one may be bought, and that the checker looks at all of it.

The wing has twelve cells with thin inner walls along one landing, behind foil-faced outer walls far from the fence.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.draft_spill import outside_limit, outside_z, upper_against_db
from quietwing.coverage.blocking.links import public_links
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import check_layout, layout_text, parse_layout
from quietwing.coverage.planning.attempts import margin_confidence
from quietwing.coverage.planning.cable_runs import cable_runs, line_of_device
from quietwing.coverage.planning.limits import _upper_by_mode
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.planning_inputs import prepare_inputs
from quietwing.coverage.planning.search_space import room_levels, search_space
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.planning.warm_start import as_warm_start
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.tables.cable_cells import route_length_m
from quietwing.sites import load_site
from quietwing.sites.model import Sector
from quietwing.sites.points import scattered
from quietwing.sites.synthetic import build_wing, describe

pytestmark = pytest.mark.usefixtures("few_moves")
BUNDLED = read_catalogue()
# Places along a cable that differ by 4 dB instead of 11: a radiating-mode cable, invented.
EVEN = tuple(replace(row, coupling_95_db=row.coupling_50_db + 4) for row in BUNDLED["cable_jammer"].radiating_cable)
CATALOGUE = BUNDLED | {"cable_jammer": replace(BUNDLED["cable_jammer"], radiating_cable=EVEN)}
EE20 = Sector(
    id="ee", operator="EE", plmn="234-30", band="B20", technology="LTE", freq_mhz=798.5, bandwidth_mhz=5.0,
    x_m=2.5, y_m=-600.0, height_m=25.0, azimuth_deg=0.0, tilt_deg=0.0, pattern="omni", eirp_dbm=35.0,
    environment="UMa", sigma_db=3.0,
)  # fmt: skip
ASKED = Scenario(
    grade="evidence",
    worlds=200, grid_m=1.0, effort="quick", spill_tier="service", equipment=("cable_jammer",), treat_with=("none",),
    budget_gbp=16000.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def site():
    wing = build_wing(
        describe(
            "test", type="wing", cells=12, storeys=1, outer_wall="precast_sandwich_foil", cell_wall="stud_partition",
            roof="foil_roof", window="glass_low_e", window_state="sealed", fence_distance_m=300.0,
        )
    )  # fmt: skip
    return replace(wing, sectors=(EE20,))


@pytest.fixture(scope="module")
def plan(site):
    return optimise(site, site.sectors, ASKED, CATALOGUE)


def ground_of(site, scenario, catalogue=CATALOGUE, existing=()):
    return prepare_inputs(
        site, site.sectors, scenario, catalogue, existing, np.zeros(len(site.rooms), bool)
    )  # fmt: skip


# ------------------------------------------------------------------ runs


def test_a_run_follows_the_landing_under_its_ceiling(site):
    (run,) = cable_runs(site)
    # The landing is 14.4 m long; a metre is left at each end, 0.2 m to the ceiling at 3 m.
    assert run.id == "A1-landing-cable"
    assert route_length_m(run.line_m) == pytest.approx(12.4)
    assert {point[2] for point in run.line_m} == {2.8}


@pytest.mark.parametrize(("name", "least"), [("houseblock", 12), ("radial", 24)])
def test_runs_of_the_bundled_sites_are_in_order(name, least):
    site = load_site(name)
    runs = cable_runs(site)
    assert len(runs) >= least
    assert len({run.id for run in runs}) == len(runs)
    devices = tuple(
        Device(run.id, "cable_jammer", *run.line_m[0], run.storey, route_m=run.line_m[1:]) for run in runs
    )
    assert check_layout(site, devices) == ()
    for run in runs:
        assert route_length_m(run.line_m) <= CATALOGUE["cable_jammer"].longest_m
        # It is fed where the building is: no feeder to the far end.
        middle = site.buildings[run.building].outline.centroid
        away = [np.hypot(point[0] - middle.x, point[1] - middle.y) for point in run.line_m]
        assert away[0] <= away[-1] + 1e-3


def test_a_run_that_passes_a_forbidden_place_is_left_out(site):
    (run,) = cable_runs(site)
    beside = replace(
        site.positions[0] if site.positions else load_site("houseblock").positions[0],
        id="lamp", point=type(site.perimeter.outline.centroid)(run.line_m[0][0], 7.0), z_m=2.8, forbidden=True,
    )  # fmt: skip
    assert cable_runs(replace(site, positions=(*site.positions, beside))) == ()


# ------------------------------------------------------------------ plans


def test_one_cable_along_the_landing_silences_the_wing(site, plan):
    (device,) = plan.devices
    assert device.model == "cable_jammer"
    assert line_of_device(device) == line_of_device(replace(device, route_m=cable_runs(site)[0].line_m[1:]))
    assert plan.attempts[plan.chosen].rooms_judged >= 10
    assert plan.attempts[plan.chosen].passed
    assert verify_plan(site, site.sectors, ASKED, CATALOGUE, plan) == ()


def test_its_price_is_what_feeds_it_and_each_metre(plan):
    # £9,000, £1,500 of labour and 13 m of radiating cable at £35, labour and cable × 1.4; 11 m or so of feeder at £8.
    feeder = next(line for line in plan.cost.lines if line.description.startswith("Cable of"))
    by_hand = 9000 + 1.4 * 1500 + 1.4 * 35 * 13 + 1.4 * 8 * feeder.quantity
    assert plan.cost.capex_gbp == pytest.approx(by_hand)


def test_a_plan_with_a_cable_is_written_and_read(plan):
    assert parse_layout(layout_text(plan.devices), CATALOGUE) == plan.devices


def test_with_the_bundled_cable_a_weaker_network_is_silenced_in_part(site):
    """Eleven decibels between the two sides of its coupling are lost against spill."""
    weak = replace(site, sectors=(replace(EE20, eirp_dbm=25.0),))
    found = optimise(weak, weak.sectors, ASKED, BUNDLED)
    assert verify_plan(weak, weak.sectors, ASKED, BUNDLED, found) == ()
    assert [device.model for device in found.devices] == ["cable_jammer"]


# ------------------------------------------------------------------ the planning model


def test_levels_of_the_planning_model_are_those_of_the_verdict(site):
    """In rooms straight rays alone, to the last bit; outside both ways with the errors of each."""
    inputs = ground_of(site, ASKED)
    inside = room_levels(inputs, margin_confidence(inputs.scenario))
    around = inside.around
    (base,) = [index for index, one in enumerate(around.bases) if one.device.route_m]
    device = around.bases[base].device
    places = scattered(np.array([(0.0, 6.0, 1.5), (3.0, 6.0, 1.5), (40.0, 6.0, 1.5), (-3.0, 400.0, 1.5)]))
    spot = np.array([around.bases[base].spot], np.intp)
    for outside in (False, True):
        gain_db, lost_db, way = around.links(around.plain, spot, places, outside=outside)
        links = blocker_links(around.plain, (device,), CATALOGUE, places, outside=outside, straight=True)
        sent = around.sent[2 if outside else 0][base]
        gain_db += lost_db - way.loss_db
        np.testing.assert_array_equal(sent[0] + gain_db[0, :, around.freqs[0]], links.level_dbm[0, 0])
        np.testing.assert_array_equal(way.crossed[0], links.paths.crossed[0])
        np.testing.assert_array_equal(way.walls_db[0].max(axis=1), links.paths.walls_db[0].max(axis=1))
    limit = outside_limit(around.plain, ASKED, public_links(around.plain, places))
    both = blocker_links(around.plain, (device,), CATALOGUE, places, outside=True)
    upper_db = _upper_by_mode(around, spot, places, around.detours(spot, places), limit)[0, 0]
    told_dbm = both.level_dbm[0] + upper_against_db(around.plain, limit, both, outside_z(ASKED))[0][0]
    np.testing.assert_allclose(around.sent[2][base][:, None] + upper_db, told_dbm, atol=1e-5)
    assert (both.level_dbm > links.level_dbm + 0.1).any()  # by detours


def test_two_cables_never_share_a_run(site):
    both = replace(ASKED, equipment=("cable_jammer", "cable_twin"))
    catalogue = CATALOGUE | {"cable_twin": replace(CATALOGUE["cable_jammer"], name="cable_twin")}
    inputs = ground_of(site, both, catalogue)
    runs = [index for index, spot in enumerate(inputs.spots) if spot.route_m]
    assert len(runs) == 2
    model, _ = search_space(inputs, room_levels(inputs, margin_confidence(inputs.scenario))).model(6.0)
    assert [sorted(pair) for pair in model.conflicts.tolist()] == [runs]


def test_no_run_is_offered_where_a_cable_hangs_already_or_is_too_long_for_it(site):
    (run,) = cable_runs(site)
    stands = Device("old", "cable_jammer", *run.line_m[0], state="existing", route_m=run.line_m[1:])
    inputs = ground_of(site, ASKED, existing=(stands,))
    assert [spot.id for spot in inputs.spots if spot.route_m] == ["old"]
    short = CATALOGUE | {"cable_jammer": replace(CATALOGUE["cable_jammer"], longest_m=12.0)}
    assert not [spot for spot in ground_of(site, ASKED, short).spots if spot.route_m]


def test_what_hangs_already_is_built_upon(site, plan):
    stands = replace(plan.devices[0], state="existing")  # its id says which worlds it meets
    found = optimise(site, site.sectors, replace(ASKED, budget_gbp=0.0), CATALOGUE, existing=(stands,))
    assert found.devices == (stands,)
    assert found.cost.capex_gbp == 0
    assert found.attempts[found.chosen].rooms_judged == plan.attempts[plan.chosen].rooms_judged
    assert verify_plan(site, site.sectors, replace(ASKED, budget_gbp=0.0), CATALOGUE, found, existing=(stands,)) == ()


def test_a_plan_with_a_cable_is_carried_into_the_next_search(site, plan):
    inputs = ground_of(site, ASKED)
    inside = room_levels(inputs, margin_confidence(inputs.scenario))
    found = as_warm_start(inputs, inside, plan.devices, plan.treatments)
    assert found is not None
    assert [name.split("|")[:2] for name in found.ids] == [["A1-landing-cable", "cable_jammer"]]
    moved = replace(plan.devices[0], route_m=((0.0, 12.0, 2.8),))
    assert as_warm_start(inputs, inside, (moved,), plan.treatments) is None


# ------------------------------------------------------------------ the checker


def faults(site, plan, *devices, scenario=ASKED):
    return "\n".join(verify_plan(site, site.sectors, scenario, CATALOGUE, replace(plan, devices=devices)))


def test_the_checker_sees_another_route(site, plan):
    (device,) = plan.devices
    shorter = replace(device, route_m=((device.x_m, 12.0, 2.8),))
    assert "stands at none of the places a plan may use" in faults(site, plan, shorter)
    assert "its parts cost" in faults(site, plan, replace(device, route_m=((device.x_m, 9.0, 2.8),)))


def test_the_checker_sees_two_along_one_run(site, plan):
    (device,) = plan.devices
    assert "stand at one place" in faults(site, plan, device, replace(device, id="twin"))


def test_the_checker_sees_a_run_over_the_fence(site, plan):
    (device,) = plan.devices
    assert "outside the perimeter" in faults(site, plan, replace(device, route_m=((device.x_m, 330.0, 2.8),)))


def test_the_checker_sees_too_much_power(site, plan):
    (device,) = plan.devices
    assert "above the 40 dBm of cable_jammer" in faults(site, plan, replace(device, power_dbm=40.5))

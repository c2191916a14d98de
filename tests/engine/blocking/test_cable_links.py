"""Radiating cables among the blockers: weak for denial, strong for spill, and otherwise devices like all others."""

import math
from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import box

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.cable_links import nearest_piece_words
from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.blocking.exposures import exposure
from quietwing.coverage.blocking.judging import silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.montecarlo import count_worlds
from quietwing.coverage.blocking.outside import most_eirp_dbm
from quietwing.coverage.blocking.protect import (
    base_station_levels_dbm,
    forbidden_bands,
    protected_services,
    receiver_levels_dbm,
)
from quietwing.coverage.blocking.spills import spill
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import BandPower, CableLoss, Device, MasCarrier, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Perimeter, Sector
from quietwing.sites.points import scattered
from quietwing.sites.trial_point_sets import trial_points

CABLE = (CableLoss(700, 4, 65, 76), CableLoss(3500, 4, 65, 76))
JAMMER = Model(
    "cable", "jammer", (BandPower("B20", 791.0, 821.0, 40.0),), radiating_cable=CABLE, longest_m=300.0
)  # fmt: skip
NODE = replace(JAMMER, name="node", kind="mas", mas_carriers=(MasCarrier("234-30", "LTE", 806.0, 10.0),))
CATALOGUE = {"cable": JAMMER, "node": NODE}
EE20 = Sector(
    "S1", "EE", "234-30", "B20", "LTE", 806.0, 10.0, 0.0, 700.0, 30.0, 180.0, 2.0, "sector_65", 59.0, "RMa", 8.0
)  # fmt: skip
TDD = replace(EE20, id="S2", band="B40", freq_mhz=2370.0, bandwidth_mhz=20.0)
LONG = Device("C", "cable", -100.0, 0.0, 1.5, route_m=((100.0, 0.0, 1.5),))
SHARE_DB = 10 * math.log10(30e3 / 15)  # of 30 MHz, one element has a two-thousandth: 33.0 dB
INSIDE = Device("C", "cable", 0.5, 2.0, 2.5, route_m=((5.5, 2.0, 2.5),))


@pytest.fixture(scope="module")
def open_air(hut):
    wide = Perimeter("fence", box(-5000, -5000, 5000, 5000))
    site = hut(walls=(), openings=(), slabs=(), rooms=(), perimeter=wide, sectors=(EE20, TDD))
    return link_model(prepare_scene(site), (EE20, TDD))


@pytest.fixture(scope="module")
def walled(hut):
    return link_model(prepare_scene(hut(sectors=(EE20,))), (EE20,))


def levels(model, device, places_m, *, outside, catalogue=CATALOGUE):
    return blocker_links(model, (device,), catalogue, scattered(np.array(places_m, float)), outside=outside)


def test_the_level_beside_a_cable_by_hand_on_both_sides(open_air):
    # 40 dBm, 33.0 dB to an element, 100 m at 4 dB/100 m, 10 lg(4/2) = 3.0 dB, coupling 76 dB inside and 65 outside.
    # Inside a body stands between, 3 dB; outside none.
    weak = levels(open_air, LONG, [(0, 4, 1.5)], outside=False).level_dbm[0, 0, 0]
    strong = levels(open_air, LONG, [(0, 4, 1.5)], outside=True).level_dbm[0, 0, 0]
    assert weak == pytest.approx(40 - SHARE_DB - 4 - 3.01 - 76 - 3, abs=0.2)
    assert strong == pytest.approx(40 - SHARE_DB - 4 - 3.01 - 65, abs=0.2)


def test_a_decibel_more_in_is_a_decibel_more_out_everywhere(walled):
    places = [(3, 2, 1.5), (3, -5, 1.5), (40, 2, 1.5)]
    for outside in (False, True):
        plain, louder, trimmed = (
            levels(walled, replace(INSIDE, **change), places, outside=outside).level_dbm[0, 0]
            for change in ({"power_dbm": 30.0}, {"power_dbm": 31.0}, {"power_dbm": 30.0, "trim_db": (("B20", -7.0),)})
        )
        np.testing.assert_allclose(louder - plain, 1.0, atol=1e-4)
        np.testing.assert_allclose(trimmed - plain, -7.0, atol=1e-4)


def test_two_halves_of_a_cable_are_the_whole(walled):
    # The second half is fed with what the first leaves: 2.5 m at 4 dB/100 m less, 0.1 dB.
    halves = (
        replace(INSIDE, id="A", power_dbm=30.0, route_m=((3.0, 2.0, 2.5),)),
        Device("B", "cable", 3.0, 2.0, 2.5, power_dbm=29.9, route_m=((5.5, 2.0, 2.5),)),
    )
    places = scattered(np.array([(3, 1, 1.5), (3, -5, 1.5), (20, 2, 1.5)], float))
    whole = blocker_links(walled, (replace(INSIDE, power_dbm=30.0),), CATALOGUE, places).level_dbm[0, 0]
    parts = blocker_links(walled, halves, CATALOGUE, places).level_dbm[:, 0]
    np.testing.assert_allclose(add_powers_db(*parts), whole, atol=0.3)  # the pieces are cut elsewhere


def test_a_cable_beside_other_devices_changes_nothing_of_theirs(walled):
    other = Model("spot", "jammer", (BandPower("B20", 791.0, 821.0, 10.0),))
    catalogue = CATALOGUE | {"spot": other}
    spot = Device("P", "spot", 1.0, 1.0, 2.5)
    places = scattered(np.array([(3, 1, 1.5), (3, -5, 1.5)], float))
    alone, both = (blocker_links(walled, some, catalogue, places) for some in ((spot,), (INSIDE, spot)))
    for of_both, of_one in zip(both.arrays, alone.arrays, strict=True):
        np.testing.assert_array_equal(of_both[1:], of_one)
    silent = blocker_links(walled, (replace(INSIDE, state="off"),), catalogue, places)
    assert silent.devices == ()


def test_errors_of_walls_are_those_of_the_piece_heard_best(walled):
    out = replace(INSIDE, route_m=((9.5, 2.0, 2.5),))  # out through the east wall at x = 6
    found = levels(walled, out, [(3, 2, 1.5), (9, 2, 1.5), (3, 2, 6.0)], outside=True)
    above = levels(walled, INSIDE, [(3, 2, 6.0)], outside=True)
    brick = walled.constructions.index("brick_215")
    concrete = walled.constructions.index("concrete_200")
    assert found.paths.crossed[0, :, brick].tolist() == [0, 0, 0]
    # On the roof the end outside the wall is heard best, not the near pieces under the slab.
    assert found.paths.crossed[0, :, concrete].tolist() == [0, 0, 0]
    assert found.paths.walls_db[0, :, 0].tolist() == [0, 0, 0]
    assert above.paths.crossed[0, 0, concrete] == 1
    assert above.paths.walls_db[0, 0, 0] > 5
    assert levels(walled, INSIDE, [(9, 2, 1.5)], outside=True).paths.crossed[0, 0, brick] == 1


def test_a_cable_of_a_managed_access_node_offers_its_cell_along_it(walled):
    found = levels(walled, replace(INSIDE, model="node"), [(3, 2, 1.5)], outside=False)
    # 40 dBm a carrier of 10 MHz, 600 elements: −27.8 dB; straight under a cable of 5 m, 1 m below it.
    seen = 10 * math.log10(2 * math.atan(2.5) / math.pi)
    by_hand = 40 - 10 * math.log10(600) - 0.1 - 76 - 10 * math.log10(1 / 2) + seen - 3  # a body between
    assert found.mas_dbm[0, 0, 0] == pytest.approx(by_hand, abs=0.15)
    assert found.is_mas.tolist() == [True]


def test_the_worlds_of_a_cable_are_as_sure_as_its_levels(hut):
    """Deep inside, without doubt about the mast, a cable strong enough denies nearly always, one too weak never."""
    quiet = replace(EE20, eirp_dbm=13.0, sigma_db=0.0)
    site = hut(sectors=(quiet,))
    model = link_model(prepare_scene(site), (quiet,))
    points = silence_points(site, trial_points(site))
    public = public_links(model, points)
    shares = []
    for power_dbm in (40.0, -40.0):
        blockers = blocker_links(model, (replace(INSIDE, power_dbm=power_dbm),), CATALOGUE, points)
        tally = count_worlds(model, Scenario(worlds=200), points, public, blockers)
        shares.append(float(tally.silent.mean()))
    assert shares[0] > 0.95
    assert shares[1] < 0.05


def test_spill_of_a_cable_is_judged_like_any_other(walled):
    points = trial_points(walled.scene.site)
    loud, soft = (
        spill(walled, Scenario(worlds=100), (replace(INSIDE, power_dbm=power),), CATALOGUE, points)[0]
        for power in (40.0, -40.0)
    )
    assert not loud.passed
    assert soft.passed
    assert {ring[0] for ring in soft.rings} >= {"0–20 m"}


# ------------------------------------------------------------------ exposure, EIRP, protected services


def test_exposure_under_a_cable_by_hand(hut):
    site = hut(sectors=(EE20,))
    points = silence_points(site, trial_points(site))
    found = exposure(site, (INSIDE,), CATALOGUE, points)
    # The worst test point is 2.2 m high in the middle, 0.3 m below the cable: 40 dBm = 10 W, coupling 65 dB,
    # 10 lg(0.3/2) = −8.24 dB less 0.1 dB of length; λ²/4π at 791 MHz is 0.01143 m²; the limit is 791/200 W/m².
    received_w = 10 * 10 ** (-(65 - 8.24 + 0.1) / 10) * 2 * math.atan(2.5 / 0.3) / math.pi
    by_hand = received_w / 0.01143 / (791 / 200)
    assert found[0][1] == pytest.approx(by_hand, rel=0.03)
    assert found[0][2] is True
    assert exposure(site, (replace(INSIDE, state="off"),), CATALOGUE, points)[0][1] == 0


def test_a_cable_radiates_far_less_than_is_fed_into_it():
    eirp_dbm = most_eirp_dbm((INSIDE,), CATALOGUE, ())
    # 5 m at 821 MHz: (4π/0.36516 m)² · 2/π · 4.89 m · 10^−6.5 = 0.00117.
    assert eirp_dbm == pytest.approx(40 + 10 * math.log10(0.001165), abs=0.05)
    assert most_eirp_dbm((LONG,), CATALOGUE, ()) > eirp_dbm + 10


def test_base_stations_hear_all_pieces_of_a_cable(open_air):
    # 2370 MHz over 200 m: the mast sees as much as one omni source of all that the cable radiates.
    loud = replace(JAMMER, bands=(BandPower("B40", 2350.0, 2390.0, 40.0),))
    spot = replace(loud, name="spot", radiating_cable=(), longest_m=0.0)
    catalogue = {"cable": loud, "spot": spot}
    device = replace(LONG, x_m=-5.0, route_m=((5.0, 0.0, 1.5),))
    narrow = replace(loud, bands=(replace(loud.bands[0], low_mhz=2369.9, high_mhz=2370.0),))
    radiated_db = most_eirp_dbm((device,), {"cable": narrow}, ()) - 40
    found = base_station_levels_dbm(open_air, Scenario(), (device,), catalogue)[1]
    like = base_station_levels_dbm(
        open_air, Scenario(), (Device("P", "spot", 0.0, 0.0, 1.5, power_dbm=40 + radiated_db),), catalogue
    )[1]
    assert found == pytest.approx(like, abs=0.1)
    on_carrier, stray = receiver_levels_dbm(open_air, Scenario(), (LONG,), CATALOGUE)
    assert on_carrier[0, 1] == -np.inf  # nothing but the third harmonic of 791–821 MHz, 2373–2463 MHz
    assert np.isfinite(stray[0, 1])


def test_protected_services_are_those_of_what_feeds_it(open_air):
    assert forbidden_bands(JAMMER) == ""
    rows = protected_services(open_air, Scenario(), (LONG,), CATALOGUE)
    assert all(passed for _, _, passed in rows)


def test_bundled_cables_are_within_every_limit_of_a_catalogue():
    bundled = [model for model in read_catalogue().values() if model.radiating_cable]
    assert [model.kind for model in bundled] == ["jammer", "mas"]
    for model in bundled:
        assert model.illustrative
        assert forbidden_bands(model) == ""
        assert model.radiating_gbp_per_m > 0


# ------------------------------------------------------------------ in words


def test_a_budget_names_the_place_along_the_cable(hut):
    site = hut(sectors=(EE20,))
    budgets = explain_room(site, Scenario(), "A-01", devices=(INSIDE,), catalogue=CATALOGUE).budgets
    middle = next(one for one in budgets if one.xyz_m == pytest.approx((3.0, 2.0, 1.5)))
    assert middle.jammed_by[0][0] == "C (2 m along the cable, 1.0 m away)"


def test_the_nearest_place_of_a_cable_is_found_round_its_bends():
    bent = Device("C", "cable", 0.0, 0.0, 3.0, route_m=((10.0, 0.0, 3.0), (10.0, 20.0, 3.0)))
    assert nearest_piece_words(bent, np.array([12.0, 15.0, 3.0])) == "25 m along the cable, 2.0 m away"
    assert nearest_piece_words(bent, np.array([-4.0, 0.0, 0.0])) == "0 m along the cable, 5.0 m away"

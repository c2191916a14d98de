"""The rules of spill: the limit of each tier, how many places of a ring may fail, capture and calls to 999."""

import math
from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.blocking.links import link_model
from quietwing.coverage.blocking.spill_rings import judge_rings, worst_margin
from quietwing.coverage.blocking.spills import spill
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import WorstPlace
from quietwing.sites.trial_point_sets import trial_points

given_levels = module_at("tests/engine/blocking/given_levels.py")
EE20, EE3, CATALOGUE, D1 = given_levels.EE20, given_levels.EE3, given_levels.CATALOGUE, given_levels.D1
places, by_hand, value, N9_DBM = given_levels.places, given_levels.by_hand, given_levels.value, given_levels.N9_DBM
RULES = load_rules()
STANDARD, EMERGENCY = RULES.tier("standard"), RULES.tier("emergency")
GSM = replace(
    EE20, id="S4", operator="VF", plmn="234-15", band="B8", technology="GSM", freq_mhz=927.6, bandwidth_mhz=0.2
)


@pytest.mark.parametrize(
    ("tier", "limit_dbm"),
    [("standard", -110.0), ("service", -100.0), ("strict", N9_DBM - 6), ("emergency", math.inf)],
)
def test_limit_and_margin_of_each_tier_by_hand(hut, tier, limit_dbm):
    # S −90 dBm; J −105 dBm: standard −90 − 20 = −110, fails by 5; service −100, 5 dB to spare; strict −129.2.
    data = by_hand(hut, (EE20,), (D1,), places("0–20 m"), -90.0, -105.0, spill_tier=tier)
    assert value(data, "limit_dbm") == pytest.approx(limit_dbm, abs=0.01)
    assert value(data, "jam_dbm") == pytest.approx(-105, abs=1e-4)
    assert value(data, "signal_dbm") == pytest.approx(-90, abs=1e-4)
    assert value(data, "margin_db") == pytest.approx(limit_dbm + 105, abs=0.01)
    assert bool(data["passed"].values[0]) == (limit_dbm > -105)


def test_where_the_noise_floor_is_nearer_it_is_the_limit(hut):
    # S −115 − 20 = −135 dBm lies below N − 6 = −129.2 dBm.
    data = by_hand(hut, (EE20,), (D1,), places("0–20 m"), -115.0, -130.0)
    assert value(data, "limit_dbm") == pytest.approx(-129.2, abs=0.05)
    assert bool(data["passed"].values[0])


def test_the_noise_is_that_of_the_reference_bandwidth(hut):
    # GSM: kT0·200 kHz = −120.97 dBm, + 9 − 6 = −117.97 dBm.
    data = by_hand(hut, (GSM,), (D1,), places("0–20 m"), -115.0, -130.0)
    assert value(data, "limit_dbm", "VF/B8/GSM") == pytest.approx(-117.97, abs=0.02)


def test_a_twentieth_of_a_ring_may_fail_and_a_receptor_never(hut):
    # 40 ring points: floor(0.05·40) = 2 may fail. Point k stands at J = −110 − k/10, limit −110: margin k/10 − 0.35.
    outside = places(*(["0–20 m"] * 40), "receptor")
    data = by_hand(hut, (EE20,), (D1,), outside, -90.0, -115.0)
    margin = data["margin_db"].copy(data=np.r_[np.arange(40) / 10 - 0.15, -0.04][None, :])
    data = data.assign(margin_db=margin, passed=("outside", margin.values[0] >= 0))
    assert judge_rings(data, STANDARD) == (("0–20 m", 40, 2, 2, True), ("receptor", 1, 1, 0, False))
    # Left out are −0.15 and −0.05, so the ring's worst is 0.05; the receptor's −0.04 is worse.
    assert worst_margin(data, STANDARD) == (pytest.approx(-0.04), WorstPlace("place 40", "EE/B20/LTE"))
    ring_only = data.isel(outside=slice(0, 40))
    assert worst_margin(ring_only, STANDARD) == (pytest.approx(0.05), WorstPlace("place 2", "EE/B20/LTE"))
    worse = ring_only.assign(passed=("outside", np.arange(40) >= 3))
    assert judge_rings(worse, STANDARD) == (("0–20 m", 40, 3, 2, False),)
    homes = ring_only.assign_coords(ring=("outside", np.array(["receptor"] * 40, object)))
    assert judge_rings(homes, STANDARD) == (("receptor", 40, 2, 0, False),)
    # 39 points: floor(1.95) = 1; the emergency tier lets floor(0.01·n) fail.
    assert judge_rings(ring_only.isel(outside=slice(0, 39)), STANDARD)[0][3] == 1
    assert judge_rings(ring_only, EMERGENCY)[0][3] == 0


def test_the_worst_margin_is_rounded_down(hut):
    site = hut(sectors=(EE20,))
    model = link_model(prepare_scene(site), (EE20,))
    found = spill(model, Scenario(worlds=100, grade="evidence"), (D1,), CATALOGUE, trial_points(site))[0]
    exact, worst = worst_margin(found.outside, STANDARD)
    assert found.worst_margin_db <= exact < found.worst_margin_db + 0.1
    assert round(found.worst_margin_db, 1) == found.worst_margin_db
    assert found.worst == worst
    assert "m outside" in worst.place


def test_without_blockers_nothing_spills(hut):
    site = hut(sectors=(EE20,))
    model = link_model(prepare_scene(site), (EE20,))
    found = spill(model, Scenario(worlds=100), (replace(D1, state="off"),), CATALOGUE, trial_points(site))[0]
    assert found.passed
    assert (found.worst_margin_db, found.worst) == (math.inf, WorstPlace())
    assert (found.outside["jam_dbm"].values == -np.inf).all()
    assert [row[0] for row in found.rings] == ["0–20 m", "20–100 m", "100 m–1 km"]
    assert found.exposure == (("A-01", 0.0, True),)


def test_capture_needs_the_public_level_and_the_floor(hut):
    node = replace(D1, model="node")
    for mas_dbm, signal_dbm, captured in ((-90, -95, 1.0), (-96, -95, 0.0), (-129, -140, 0.0), (-127, -140, 1.0)):
        data = by_hand(hut, (EE20,), (node,), places("receptor"), signal_dbm, -150.0, mas_dbm, spill_tier="emergency")
        assert value(data, "capture_probability") == captured
        # How far it stays from capture: the nearer of S − M and floor − M must be above 0.
        assert value(data, "capture_margin_db") == pytest.approx(max(signal_dbm - mas_dbm, -128 - mas_dbm), abs=1e-3)


def test_a_point_captured_in_more_than_one_world_of_twenty_fails_and_is_named(hut):
    # S −90 dBm with 8 dB, M −102 dBm: P(M ≥ S) = Φ(−12/8) = 6.7 %; at M −105 dBm 3.0 %.
    node = replace(D1, model="node")
    for mas_dbm, chance, passed in ((-102.0, 0.067, False), (-105.0, 0.030, True)):
        data = by_hand(
            hut, (EE20,), (node,), places("receptor"), -90.0, -150.0, mas_dbm, sigma_db=8.0, worlds=20_000
        )  # fmt: skip
        assert value(data, "capture_probability") == pytest.approx(chance, abs=0.006)
        assert bool(data["passed"].values[0]) is passed
        margin_db, worst = worst_margin(data, STANDARD)
        assert (margin_db >= 0) is passed
        assert worst.in_words() == "place 0: EE/B20/LTE captured by managed access"


@pytest.mark.parametrize(
    ("signal_dbm", "jam_dbm", "called"),
    [
        # J −100 − 7 dB far above N −123.2 dBm: SINR = S − J. S −102.9: −2.9 dB. S −103.1: −3.1 dB.
        (-102.8, -100.0, True),
        (-103.2, -100.0, False),
        # No jamming: −117.9 − 7 + 123.2 = −1.7 dB, so the level of −118 dBm decides.
        (-117.9, -200.0, True),
        (-118.1, -200.0, False),
    ],
)
def test_an_emergency_call_by_hand(hut, signal_dbm, jam_dbm, called):
    data = by_hand(hut, (EE20,), (D1,), places("receptor"), signal_dbm, jam_dbm, spill_tier="emergency")
    assert data["emergency_probability"].values[0] == float(called)
    assert bool(data["passed"].values[0]) is called
    assert (worst_margin(data, EMERGENCY)[0] > 0) is called


def test_a_call_hears_the_blocker_where_no_grade_limits_its_power(hut):
    unlimited = replace(RULES, grades=tuple(replace(grade, tier="emergency") for grade in RULES.grades))
    data = by_hand(hut, (EE20,), (D1,), places("receptor"), -90.0, -80.0, rules=unlimited)
    assert value(data, "jam_dbm") == pytest.approx(-80.0, abs=1e-3)
    assert data["emergency_probability"].values[0] == 0


def test_any_network_will_do_for_999_but_not_one_nobody_can_camp_on(hut):
    both = (EE20, replace(EE3, campable=False))
    jammed = by_hand(hut, both, (D1,), places("receptor"), [-90, -90], [[-60, -200]], spill_tier="emergency")
    assert jammed["emergency_probability"].values[0] == 0
    saved = by_hand(hut, (EE20, EE3), (D1,), places("receptor"), [-90, -90], [[-60, -200]], spill_tier="emergency")
    assert saved["emergency_probability"].values[0] == 1

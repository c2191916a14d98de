"""The chain of houseblock by hand: a public level, a blocker's level, what is needed, and the contrast there is."""

import datetime as dt
import math
from dataclasses import replace

import pytest
from shapely.geometry import Point

from quietwing.coverage import evaluate
from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site
from quietwing.sites.model import OutsideLevel, Receptor

CATALOGUE = read_catalogue()
CHANNEL, ROOM, FREQ_MHZ = "O2/B28/LTE", "A2-05", 763.0
READ_DBM = -90.0  # 0.3 m before the window of A2-05, at the height of its middle: its façade is at y = 5.3 m
NODE_M, WINDOW_M, BEYOND_M = (16.1, 3.4, 4.5), (16.1, 5.2, 4.5), (16.1, 25.3, 4.5)
PLANNING_NEED_DB, EVIDENCE_NEED_DB = 6 + 6, 10 + 10  # J/S of LTE, search in a carrier of 10 MHz
GLASS_DB = 25.4 + 0.11 * 0.763
BODY_DB = 3.0
SENT_DBM = 10 - 10 * math.log10(30e6 / 15e3)  # 10 dBm over B28's 30 MHz: −23.0 dBm in an element


def free_space_db(one_m, other_m) -> float:
    return 20 * math.log10(4 * math.pi * math.dist(one_m, other_m) * FREQ_MHZ * 1e6 / 299_792_458)


@pytest.fixture(scope="module")
def site():
    """Houseblock with one reading of one channel, so that no kriging enters, and one place 20 m before the window."""
    reading = OutsideLevel(CHANNEL, 16.1, 5.6, 4.5, READ_DBM, dt.date(2026, 11, 10))
    beyond = Receptor("beyond", Point(BEYOND_M[:2]), "place", 0, (BEYOND_M[2],))
    return replace(load_site("houseblock"), outside_levels=(reading,), receptors=(beyond,))


def asked(grade):
    return Scenario(grade=grade, channels=(CHANNEL,), worlds=400)


NODE = Device("n", "micro_jammer", *NODE_M[:2], 4.5, 1)


@pytest.fixture(scope="module")
def budgets(site):
    """By grade: the link budget of the window."""
    return {
        grade: next(
            one
            for one in explain_room(site, asked(grade), ROOM, devices=(NODE,), catalogue=CATALOGUE).budgets
            if one.point == "window"
        )
        for grade in ("planning", "evidence")
    }


@pytest.fixture(scope="module")
def outside(site):
    """Medians at the place beyond: blocker, network. Of 4000 worlds of 5 dB: within 1.25 · 5 / √4000 = 0.1 dB."""
    data = evaluate(site, replace(asked("planning"), worlds=4000), devices=(NODE,), maps=False).spill.outside.sel(
        channel=CHANNEL
    )
    at = data["name"].values.tolist().index("beyond at 4.5 m")
    return float(data["jam_dbm"].values[at]), float(data["signal_dbm"].values[at])


def test_the_public_level_behind_the_glass(budgets):
    # −90 dBm before the window, less 25.5 dB of low-E glass at 763 MHz: −115.5 dBm. A reading holds no boost.
    for one in budgets.values():
        assert one.rsrp_dbm == pytest.approx(READ_DBM - GLASS_DB, abs=0.2)


def test_the_nodes_level_there(budgets):
    # 1.8 m: 35.2 dB. −23.0 − 35.2 − 3 for the body in the way = −61.2 dBm
    by_hand = SENT_DBM - free_space_db(NODE_M, WINDOW_M) - BODY_DB
    for one in budgets.values():
        assert one.jam_dbm == pytest.approx(by_hand, abs=0.2)


def test_what_is_left_over_the_need_of_each_grade(budgets):
    # −61.2 + 115.5 = 54.3 dB of J/S; less 12 and less 20
    js_db = SENT_DBM - free_space_db(NODE_M, WINDOW_M) - BODY_DB - (READ_DBM - GLASS_DB)
    assert budgets["planning"].margin_db == pytest.approx(js_db - PLANNING_NEED_DB, abs=0.4)
    assert budgets["evidence"].margin_db == pytest.approx(js_db - EVIDENCE_NEED_DB, abs=0.4)


def test_the_contrast_that_glass_and_distance_offer(budgets, outside):
    # Beyond: 21.9 m straight through the window, 56.9 dB, and its glass: −23.0 − 56.9 − 25.5 = −105.4 dBm.
    jam_dbm, signal_dbm = outside
    assert jam_dbm == pytest.approx(SENT_DBM - free_space_db(NODE_M, BEYOND_M) - GLASS_DB, abs=0.5)
    # The network 20 m nearer to a mast at 1.9 km is the same, but for the fence, over which the ray passes lower.
    assert signal_dbm == pytest.approx(READ_DBM, abs=1.0)
    # Needed inside less allowed outside: (−115.5 + 12) − (−90 − 10) = −3.5 dB, and the node is 44.2 dB louder inside:
    # 47.7 dB to spare where the medians count.
    one = budgets["planning"]
    asked_db = (one.rsrp_dbm + PLANNING_NEED_DB) - (signal_dbm - 10)
    offered_db = one.jam_dbm - jam_dbm
    by_hand = 20 * math.log10(math.dist(NODE_M, BEYOND_M) / math.dist(NODE_M, WINDOW_M)) + GLASS_DB - BODY_DB
    assert asked_db == pytest.approx(PLANNING_NEED_DB + 10 - GLASS_DB, abs=1.2)
    assert offered_db == pytest.approx(by_hand, abs=0.7)
    assert offered_db - asked_db == pytest.approx(47.7, abs=1.5)

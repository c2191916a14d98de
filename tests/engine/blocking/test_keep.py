"""Keep rooms: one and the same channel of the operator good at all points, for the worst phone."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from shapely.geometry import box

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.keep import demanding_points, keep_rooms, service_in_rooms
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.spills import spill
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Room, Sector
from quietwing.sites.trial_point_sets import trial_points

EE20 = Sector(
    "S1", "EE", "234-30", "B20", "LTE", 806.0, 10.0, 0.0, 700.0, 30.0, 180.0, 2.0, "sector_65", 59.0, "RMa", 8.0
)  # fmt: skip
EE3 = replace(EE20, id="S2", band="B3", freq_mhz=1850.0, bandwidth_mhz=20.0)
O2 = replace(EE20, id="S3", operator="O2", plmn="234-10", freq_mhz=816.0)
JAMMER = Model("jammer", "jammer", (BandPower("B20", 791.0, 821.0, 20.0), BandPower("B3", 1805.0, 1880.0, 20.0)))
NODE = Model(
    "node", "mas", (BandPower("B20", 791.0, 821.0, 20.0),), mas_carriers=(MasCarrier("234-30", "LTE", 806.0, 10.0),)
)  # fmt: skip
CATALOGUE = {"jammer": JAMMER, "node": NODE}
D1 = Device("D1", "jammer", 3.0, 2.0, 1.5)


def office(*operators) -> tuple[Room, ...]:
    return (Room("A-01", "A", 0, box(0, 0, 6, 4), "keep", operators=operators),)


def shares(hut, sectors, signal_dbm, jam_dbm=-np.inf, mas_dbm=-np.inf, device=D1, sigma_db=0.0, worlds=200):
    """Share of worlds in which each channel serves the whole room; levels (sector, point) and (carrier, point)."""
    model = link_model(prepare_scene(hut(sectors=sectors, rooms=office("EE"))), sectors)
    errors = replace(model.rules.errors, local_db=0.0, device_db=0.0)
    model = replace(model, rules=replace(model.rules, errors=errors))
    points = demanding_points(model, trial_points(model.scene.site))
    real, found = public_links(model, points), blocker_links(model, (device,), CATALOGUE, points, outside=True)
    level = np.broadcast_to(np.array(signal_dbm, np.float32), real.los_dbm.shape)
    public = replace(
        real,
        los_dbm=level,
        nlos_dbm=level,
        sigma_db=np.full_like(real.sigma_db, sigma_db),
        paths=real.paths._replace(crossed=np.zeros_like(real.paths.crossed)),
    )
    given = [np.broadcast_to(np.array(each, np.float32), found.level_dbm.shape) for each in (jam_dbm, mas_dbm)]
    blockers = replace(
        found,
        level_dbm=given[0],
        mas_dbm=given[1],
        paths=found.paths._replace(crossed=np.zeros_like(found.paths.crossed)),
    )
    _, good = service_in_rooms(model, Scenario(worlds=worlds), points, public, blockers)
    return dict(zip(model.channels, good[0].mean(axis=1).tolist(), strict=True)), good


@pytest.mark.parametrize(
    ("signal_dbm", "jam_dbm", "served"),
    [
        # Without jamming the worst phone hears S − 7 against N = −132.2 + 9 = −123.2 dBm: LTE needs 0 dB, S ≥ −116.2.
        (-116.1, -np.inf, 1.0),
        (-116.4, -np.inf, 0.0),
        # Jamming of −100 dBm: −107 ⊕ −123.2 = −106.9 dBm, so S − 7 ≥ −106.9: S ≥ −99.9 dBm.
        (-99.8, -100.0, 1.0),
        (-100.0, -100.0, 0.0),
        # At −112 dBm both count: −119 ⊕ −123.2 = −117.6: S ≥ −110.6 dBm.
        (-110.5, -112.0, 1.0),
        (-110.7, -112.0, 0.0),
    ],
)
def test_the_worst_phone_by_hand(hut, signal_dbm, jam_dbm, served):
    assert shares(hut, (EE20,), signal_dbm, jam_dbm)[0]["EE/B20/LTE"] == served


def test_a_cell_of_managed_access_as_strong_as_the_public_one_takes_the_phone(hut):
    node = replace(D1, model="node")
    for mas_dbm, served in ((-90.1, 1.0), (-90.0, 0.0), (-89.9, 0.0)):
        found, _ = shares(hut, (EE20,), -90.0, -200.0, mas_dbm, node)
        assert found["EE/B20/LTE"] == served


def test_every_point_must_be_served_by_the_same_channel(hut):
    count = len(trial_points(hut()))
    first, last = np.full(count, -80.0), np.full(count, -80.0)
    first[0], last[-1] = -130.0, -130.0  # each channel misses one point, never both at one point
    assert shares(hut, (EE20, EE3), np.stack([first, last]))[0] == {"EE/B20/LTE": 0.0, "EE/B3/LTE": 0.0}
    assert shares(hut, (EE20, EE3), np.stack([first, last * 0 - 80]))[0]["EE/B3/LTE"] == 1.0


def test_a_carrier_nobody_can_camp_on_serves_nobody(hut):
    assert shares(hut, (replace(EE20, campable=False),), -80.0)[0]["EE/B20/LTE"] == 0.0


def test_probability_of_service_by_hand(hut):
    # S −106.2 dBm with 8 dB stands 10 dB above what is needed: Φ(10/8) = 89.4 %.
    found, _ = shares(hut, (EE20,), -106.2, sigma_db=8.0, worlds=20_000)
    assert found["EE/B20/LTE"] == pytest.approx(0.894, abs=0.01)


@pytest.mark.parametrize("side", ["public", "blocker"])
def test_what_is_not_known_serves_nobody(hut, side):
    count = len(trial_points(hut()))
    signal, jam = np.full((1, count), -60.0), np.full((1, 1, count), -150.0)
    (signal if side == "public" else jam)[..., 1] = np.nan
    assert shares(hut, (EE20,), signal, jam)[0]["EE/B20/LTE"] == 0.0


def test_more_jamming_never_serves_more(hut):
    worlds = [shares(hut, (EE20,), -95.0, jam, sigma_db=8.0)[1] for jam in (-np.inf, -110.0, -100.0, -95.0)]
    for quieter, louder in pairwise(worlds):
        assert not (louder & ~quieter).any()


def test_rows_for_each_operator_named(hut):
    # Strong masts 300 m away; a jammer of 40 dBm in the room takes all service.
    sectors = tuple(replace(each, y_m=300.0, eirp_dbm=70.0) for each in (EE20, O2))
    site = hut(sectors=sectors, rooms=office("EE", "O2", "VF"))
    model = link_model(prepare_scene(site), sectors)
    points = trial_points(site)
    quiet = keep_rooms(model, Scenario(worlds=200), (), CATALOGUE, points)
    assert [row[:2] for row in quiet] == [("A-01", "EE"), ("A-01", "O2"), ("A-01", "VF")]
    assert min(row[2] for row in quiet[:2]) >= 0.95
    assert quiet[2][2] == 0.0  # no mast of VF is known here: not served
    loud = replace(D1, power_dbm=40.0)
    jammed = keep_rooms(model, Scenario(worlds=200), (loud,), CATALOGUE, points)
    assert [row[2] for row in jammed] == [0.0] * 3


def test_a_room_that_names_nobody_demands_nothing(hut):
    for rooms in (office(), (Room("A-01", "A", 0, box(0, 0, 6, 4), "silence", operators=("EE",)),)):
        site = hut(sectors=(EE20,), rooms=rooms)
        model = link_model(prepare_scene(site), (EE20,))
        assert keep_rooms(model, Scenario(worlds=100), (D1,), CATALOGUE, trial_points(site)) == ()


def test_the_share_asked_for_is_that_of_each_grade(hut):
    far = replace(EE20, eirp_dbm=45.0)  # heard in most worlds, not in all
    site = hut(sectors=(far,), rooms=office("EE"))
    model, points = link_model(prepare_scene(site), (far,)), trial_points(site)
    ((_, _, share),) = keep_rooms(model, Scenario(worlds=400), (), CATALOGUE, points)
    assert 0.5 <= share < 0.999  # so that both sides of it can be asked for
    for confidence in (0.5, math.floor(share * 1000) / 1000, 0.999):
        asked, other = spill(model, Scenario(worlds=400, confidence=confidence), (), CATALOGUE, points)
        assert asked.keep_rooms == (("A-01", "EE", share, share >= confidence),)
        assert asked.passed is (share >= confidence)
        assert other.keep_rooms == (("A-01", "EE", share, share >= 0.95),)

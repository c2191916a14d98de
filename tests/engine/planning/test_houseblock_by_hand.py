"""The arithmetic that the README of houseblock prints is what the engine finds."""

import re
from math import log10, sqrt
from pathlib import Path

import numpy as np
import pytest

from quietwing.coverage.blocking.blocker_links import blocker_links
from quietwing.coverage.blocking.draft import draft_signal, spread_against_db
from quietwing.coverage.blocking.draft_spill import outside_limit_dbm
from quietwing.coverage.blocking.evaluate import silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.montecarlo import carrier_needs
from quietwing.coverage.blocking.outside import most_eirp_dbm, outside_points
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.planning.places import plan_spots
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site
from quietwing.sites.trial_points import trial_points

ROOT = Path(__file__).parents[3]
CHANNEL, ROOM = "O2/B8/GSM", "A1-02"
Z = 2.576


def printed(words: str) -> float:
    """The figure at the end of the README's line that holds these words."""
    text = (ROOT / "sites" / "examples" / "houseblock" / "README.md").read_text("utf-8")
    line = next(line for line in text.splitlines() if words in line)
    return float(re.findall(r"(-?[\d.]+) dB(?:m)?$", line)[0])


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    """What the engine says of the same channel, cell and device."""
    site, catalogue = load_site("houseblock"), read_catalogue()
    model = link_model(prepare_scene(site), site.sectors, 0.95)
    spot = next(spot for spot in plan_spots(site) if spot.id == f"{ROOM}-ceiling")
    device = Device("d", "micro_jammer", spot.x_m, spot.y_m, spot.z_m)
    carrier = next(i for i, each in enumerate(model.carriers) if each.channel == CHANNEL)
    sector = next(i for i, each in enumerate(model.sectors) if each.channel == CHANNEL)
    band = model.carrier_band[carrier]
    inside = silence_points(site, trial_points(site))
    rooms = (inside.room == site.room_index[ROOM]).tolist()
    door = next(i for i, kind in enumerate(inside.kind) if rooms[i] and kind == "door")
    outside = outside_points(site, most_eirp_dbm((device,), catalogue))
    west = [i for i, name in enumerate(outside.name) if name == "5 m outside, west"]
    beyond = blocker_links(model, (device,), catalogue, outside.points, outside=True, straight=True)
    far_m = np.linalg.norm(outside.points.xyz_m[west] - [spot.x_m, spot.y_m, spot.z_m], axis=1)
    at = west[int(np.abs(far_m - 133).argmin())]
    public = public_links(model, inside)
    concrete, glass = (model.constructions.index(name) for name in ("concrete_150", "glass_low_e"))
    limit_dbm = outside_limit_dbm(model, Scenario(), public_links(model, outside.points))
    nothing = np.zeros((1, len(inside), len(model.constructions)), np.uint8)  # walls that the blocker's link crosses
    sigma_db = model.construction_sigma_db[:, model.carrier_band]
    signal = draft_signal(model, Scenario(), public)
    return {
        "signal": float(public.nlos_dbm[sector, door]),
        "walls of the signal": float(public.crossed[sector, door].sum() - public.crossed[sector, door, glass]),
        "glass of the signal": float(public.crossed[sector, door, glass]),
        "share": float(public.straight_share[sector, door]),
        "doubt": float(spread_against_db(Z, signal, nothing, sigma_db)[0, carrier, door]),
        "needed": float(carrier_needs(model, Scenario()).need[carrier]),
        "at the door": float(blocker_links(model, (device,), catalogue, inside).level_dbm[0, carrier, door]),
        "away": float(np.linalg.norm(outside.points.xyz_m[at] - [spot.x_m, spot.y_m, spot.z_m])),
        "walls": float(beyond.crossed[0, at, concrete]),
        "lost": float(beyond.walls_db[0, at, band]),
        "without walls": float(beyond.level_dbm[0, carrier, at] + beyond.walls_db[0, at, band]),
        "limit": float(limit_dbm[carrier, at]),
        "sigma": float(model.construction_sigma_db[concrete, band]),
    }


def test_the_power_that_is_needed(found):
    doubt_db = Z * sqrt(3**2 + 2 * 2.8**2 + 3**2 + 2 * 2.8**2 + 1**2)
    assert (found["walls of the signal"], found["glass of the signal"]) == (0, 1)  # scattered onto the cell's window
    assert printed("signal half a metre behind the door") == pytest.approx(found["signal"], abs=0.1)
    assert printed("J over S that denies GSM") == pytest.approx(found["needed"], abs=0.05)
    assert printed("+ 3^2 glass") == pytest.approx(doubt_db, abs=0.1)
    # the straight ray: two walls of concrete, which move alike, glass and mesh
    assert found["share"] == pytest.approx(0.755, abs=0.005)
    straight_db = Z * sqrt(3**2 + 4 * 2.8**2 + 1**2 + (2 * 7) ** 2 + 3**2 + 3**2)
    both = (1 - found["share"]) * 10 ** (doubt_db / 10) + found["share"] * 10 ** (straight_db / 10)
    doubt_db = 10 * log10(both)
    assert found["doubt"] == pytest.approx(doubt_db, abs=0.1)
    assert printed("doubt of both ways together") == pytest.approx(doubt_db, abs=0.1)
    needed_dbm = found["signal"] + found["needed"] + doubt_db
    assert printed("J that is needed there") == pytest.approx(needed_dbm, abs=0.1)
    assert printed("so it has to send") == pytest.approx(10 + needed_dbm - found["at the door"], abs=0.1)


def test_what_may_be_left_of_it_outside(found):
    sent_dbm = printed("so it has to send")
    assert found["away"] == pytest.approx(133, abs=1)
    assert (found["walls"], found["sigma"]) == (14, pytest.approx(7.0))
    assert found["lost"] == pytest.approx(printed("14 walls of 150 mm concrete"), abs=0.5)
    assert found["walls"] * found["sigma"] * Z > found["lost"]  # so nothing of it is certain
    bare_dbm = found["without walls"] + sent_dbm - 10
    assert printed("such a device gives without any wall") == pytest.approx(bare_dbm, abs=0.1)
    assert printed("doubt of the rest") == pytest.approx(Z * sqrt(2 * 2.8**2 + 1), abs=0.1)
    assert printed("so J may be") == pytest.approx(bare_dbm + printed("doubt of the rest"), abs=0.2)
    assert printed("limit: the larger of") == pytest.approx(found["limit"], abs=0.1)
    assert printed("so J may be") > printed("limit: the larger of") + 11

"""Sectors with an antenna file of the site: what they radiate, tilted by hand and by the file, worked out here."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.antennas import seen_from_tilted
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.sector_patterns import sector_gain_db
from quietwing.coverage.scenario import Scenario
from quietwing.sites.antenna_files import parse_msi
from quietwing.sites.model import Sector
from quietwing.sites.points import scattered

angles = st.floats(-180, 180)


def lopsided_msi() -> str:
    """0.1 dB a degree to the right, 0.2 to the left; 0.5 dB a degree off 6° down, 30 at most; 1 dB more upward."""
    across = [0.1 * angle if angle <= 180 else 0.2 * (360 - angle) for angle in range(360)]
    off = [(angle - 6 + 180) % 360 - 180 for angle in range(360)]
    along = [min(0.5 * abs(step) + (1 if step < 0 else 0), 30) for step in off]
    rows = ["NAME lopsided", "HORIZONTAL 360", *(f"{angle} {loss:.6f}" for angle, loss in enumerate(across))]
    return "\n".join([*rows, "VERTICAL 360", *(f"{angle} {loss:.6f}" for angle, loss in enumerate(along))])


def mast(**changes) -> Sector:
    row = {
        "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 798.5,
        "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": -600.0, "height_m": 25.0, "azimuth_deg": 330.0, "tilt_deg": 2.0,
        "pattern": "file:a.msi", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def place(hut, sector):
    return hut(sectors=(sector,), antenna_files=(("a.msi", parse_msi(lopsided_msi(), "a.msi")),))


def test_a_link_budget_with_an_antenna_file_adds_up_by_hand(hut):
    budgets = explain_room(place(hut, mast()), Scenario(), "A-01").budgets
    window = next(budget for budget in budgets if budget.point == "window")
    assert window.xyz_m == pytest.approx((2.5, 0.1, 1.5))
    # The phone is due north of the mast and 23.5 m lower, at 2.243° below its horizon; the antenna looks 30° to the
    # left of it and is tilted by hand by 2°, which is 2 cos 30° = 1.73° in that direction. Seen by the antenna:
    down = math.atan2(23.5, 600.1)
    tilt, off = math.radians(2), math.radians(30)
    below = math.sin(down) * math.cos(tilt) - math.cos(down) * math.cos(off) * math.sin(tilt)
    ahead = math.cos(down) * math.cos(off) * math.cos(tilt) + math.sin(down) * math.sin(tilt)
    own_down_deg = math.degrees(math.asin(below))
    own_right_deg = math.degrees(math.atan2(math.cos(down) * math.sin(off), ahead))
    assert own_down_deg == pytest.approx(2.243 - 1.732, abs=0.005)
    assert own_right_deg == pytest.approx(30, abs=0.05)
    # To the right 0.1 dB a degree; above the 6° of the file 0.5 dB a degree and 1 dB: −3.0 − 3.745 dB.
    pattern_db = -0.1 * own_right_deg - 0.5 * (6 - own_down_deg) - 1
    assert pattern_db == pytest.approx(-6.75, abs=0.01)
    assert window.pattern_db == pytest.approx(pattern_db, abs=1e-6)
    # TR 38.901 UMa without line of sight, which is likelier than not at 600 m.
    assert not window.line_of_sight
    path_db = 13.54 + 39.08 * math.log10(math.hypot(600.1, 23.5)) + 20 * math.log10(0.7985)
    assert window.path_loss_db == pytest.approx(path_db, abs=0.1)
    bars_db = sum(one.loss_db for one in window.crossed)
    assert [one.construction for one in window.crossed] == ["bars"]
    per_element_dbm = 58 - 10 * math.log10(12 * 25)
    assert window.straight_dbm == pytest.approx(per_element_dbm + pattern_db - path_db - bars_db, abs=0.1)


def test_the_gain_of_the_masts_and_the_line_of_the_explanation_are_one_pattern(hut):
    site = place(hut, mast())
    room = explain_room(site, Scenario(), "A-01")
    omni = explain_room(place(hut, mast(pattern="omni")), Scenario(), "A-01")
    for budget, flat in zip(room.budgets, omni.budgets, strict=True):
        assert flat.pattern_db == 0
        assert budget.straight_dbm - flat.straight_dbm == pytest.approx(budget.pattern_db, abs=1e-6)
    model, flat_model = (mast_model(prepare_scene(site), (one,)) for one in (mast(), mast(pattern="omni")))
    outside = scattered([[2.5, -20.0, 1.5], [20.0, -300.0, 1.5], [2.5, -700.0, 1.5]])
    found_db = (model.gain(outside).nlos_db - flat_model.gain(outside).nlos_db)[0]
    for point, gain_db in zip(outside.xyz_m, found_db, strict=True):
        azimuth_deg = math.degrees(math.atan2(point[0] - 2.5, point[1] + 600))
        elevation_deg = -math.degrees(math.atan2(23.5, math.hypot(point[0] - 2.5, point[1] + 600)))
        assert gain_db == pytest.approx(float(sector_gain_db(site, mast(), azimuth_deg, elevation_deg)), abs=1e-4)


def test_a_mechanical_tilt_goes_down_ahead_up_behind_and_leaves_the_sides(hut):
    site = place(hut, mast())
    tilted = mast(azimuth_deg=0.0, tilt_deg=4.0)
    level = mast(azimuth_deg=0.0, tilt_deg=0.0)
    assert sector_gain_db(site, tilted, 0, -10) == pytest.approx(0)  # 6° of the file and 4° by hand
    assert sector_gain_db(site, level, 0, -6) == pytest.approx(0)
    assert sector_gain_db(site, tilted, 180, -2) == pytest.approx(sector_gain_db(site, level, 180, -6))
    assert sector_gain_db(site, tilted, 90, 0) == pytest.approx(sector_gain_db(site, level, 90, 0), abs=0.01)


@given(off_deg=angles, down_deg=st.floats(-89, 89), tilt_deg=st.floats(-20, 20))
def test_tilting_back_is_the_way_back(off_deg, down_deg, tilt_deg):
    there = seen_from_tilted(off_deg, down_deg, tilt_deg)
    back = seen_from_tilted(*there, -tilt_deg)
    for angle_deg in (
        0.0,
        90.0,
        -90.0,
    ):  # the same direction: compared as a vector, azimuths mean little near the poles
        assert math.cos(math.radians(back[1])) * math.cos(math.radians(back[0] - angle_deg)) == pytest.approx(
            math.cos(math.radians(down_deg)) * math.cos(math.radians(off_deg - angle_deg)), abs=1e-7
        )
    assert float(back[1]) == pytest.approx(down_deg, abs=1e-5)


def test_an_antenna_that_is_not_part_of_the_site_is_named(hut):
    with pytest.raises(
        OutOfRangeError, match=r"m1: antenna file 'b.msi' is not part of the site \(it has a.msi\); add it"
    ):
        mast_model(prepare_scene(place(hut, mast())), (mast(pattern="file:b.msi"),))
    with pytest.raises(OutOfRangeError, match=r"m1: no antenna pattern 'dish' .*sector_65.*choose"):
        sector_gain_db(hut(), mast(pattern="dish"), 0, 0)

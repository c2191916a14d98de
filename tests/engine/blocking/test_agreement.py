"""Measured levels beside the model: what is compared, with what sign, and that nothing is fitted."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from quietwing.coverage.blocking.agreement import agreement
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import leakage
from quietwing.sites.model import OutsideLevel, Room, Sector
from quietwing.sites.readings import Measurements, Reading

EE, O2 = "EE/B20/LTE", "O2/B20/LTE"
DAY = dt.date(2026, 11, 20)
ROOMS = (Room("A-01", "A", 0, box(0, 0, 3, 4), "silence"), Room("A-02", "A", 0, box(3, 0, 6, 4), "silence"))


def mast(name="m", operator="EE", x_m=2.5, y_m=-600.0) -> Sector:
    where = (798.5, 5.0, x_m, y_m, 25.0, 0.0, 0.0)
    return Sector(name, operator, "234-30", "B20", "LTE", *where, "omni", 58.0, "UMa")


@pytest.fixture(scope="module")
def place(hut):
    """Two rooms, two operators, the second sector of one far away."""
    return hut(sectors=(mast(), mast("n", "O2"), mast("far", "EE", y_m=4000.0)), rooms=ROOMS)


def at(x_m, y_m, rsrp_dbm, channel=EE, height_m=1.5, room="") -> Reading:
    return Reading(channel, x_m, y_m, height_m, rsrp_dbm, DAY, room)


def compared(site, *readings, scenario=None):
    return leakage(site, scenario, maps=False, measured=Measurements("walk.csv", readings)).measured


def test_readings_that_say_what_the_leakage_says_at_every_test_point_have_no_residual(place):
    result = leakage(place, maps=False)
    level_dbm = result.at_points["rsrp_dbm"].sel(channel=EE).values
    rooms = [place.rooms[index].id for index in result.points.room]
    readings = [
        at(x, y, float(level), height_m=z, room=room)
        for (x, y, z), level, room in zip(result.points.xyz_m.tolist(), level_dbm, rooms, strict=True)
    ]
    found = compared(place, *readings)
    np.testing.assert_allclose(found.at_readings["residual_db"], 0, atol=1e-9)
    assert found.at_readings["room"].values.tolist() == rooms
    assert "window-out" in result.points.kind


def test_residual_is_measured_minus_modelled(place):
    found = compared(place, at(1, 2, -70.0)).at_readings
    assert found["measured_dbm"].item() == -70.0
    assert found["residual_db"].item() == -70.0 - found["modelled_dbm"].item()


@given(step_db=st.floats(-30, 30), far=st.floats(-100, -60), near=st.floats(-100, -60))
@settings(max_examples=20, deadline=None)
def test_the_same_error_on_every_reading_is_all_bias_and_is_not_fitted_away(place, step_db, far, near):
    before = compared(place, at(1, 2, far), at(4, 2, near)).overall
    after = compared(place, at(1, 2, far + step_db), at(4, 2, near + step_db)).overall
    assert after.bias_db - before.bias_db == pytest.approx(step_db, abs=1e-9)
    assert after.most_db - after.least_db == pytest.approx(before.most_db - before.least_db, abs=1e-9)


def test_bias_and_rmse_of_three_and_minus_four_db():
    found = agreement(np.array([3.0, -4.0]))
    assert found.bias_db == pytest.approx(-0.5)
    assert found.rmse_db == pytest.approx(np.sqrt(12.5))
    assert (found.least_db, found.most_db, found.readings) == (-4.0, 3.0, 2)


def test_channels_and_rooms_are_counted_apart_and_the_open_comes_last(place):
    found = compared(place, at(-5, 2, -60.0), at(4, 2, -70.0), at(1, 2, -75.0, O2), at(1, 2, -72.0))
    assert [(one.channel, one.readings) for one in found.by_channel] == [(EE, 3), (O2, 1)]
    assert [(one.room, one.readings) for one in found.by_room] == [("A-01", 2), ("A-02", 1), ("", 1)]
    assert [(one.room, one.channel) for one in found.by_room_and_channel] == [
        ("A-01", EE),
        ("A-01", O2),
        ("A-02", EE),
        ("", EE),
    ]
    assert found.overall.readings == 4
    mean_db = sum(one.bias_db * one.readings for one in found.by_room) / 4
    assert mean_db == pytest.approx(found.overall.bias_db)


def test_the_model_is_the_strongest_sector_of_the_channel(place, hut):
    alone = compared(hut(sectors=(mast(),), rooms=ROOMS), at(1, 2, -70.0)).at_readings["modelled_dbm"]
    both = compared(place, at(1, 2, -70.0)).at_readings["modelled_dbm"]
    assert both.item() == alone.item()


def clear_from(probability):
    """A scenario whose maps take a path as clear from a probability on."""
    rules = load_rules()
    return Scenario(rules=replace(rules, errors=replace(rules.errors, sight_limit=probability)))


@pytest.mark.parametrize(("limit", "clear"), [(0.01, True), (0.5, False)])
def test_the_state_of_sight_is_the_maps_even_where_the_other_explains_the_reading_better(hut, limit, clear):
    site = hut(sectors=(mast(),), rooms=ROOMS)
    scenario = clear_from(limit)
    first = compared(site, at(-5, 2, -70.0), scenario=scenario).at_readings
    other = compared(site, at(-5, 2, -70.0), scenario=clear_from(0.51 - limit)).at_readings
    assert first["clear"].item() == clear
    assert other["clear"].item() != clear
    again = compared(site, at(-5, 2, other["modelled_dbm"].item()), scenario=scenario).at_readings
    assert again["clear"].item() == clear
    assert abs(again["residual_db"].item()) > 3


def test_readings_move_no_other_result(place):
    without = leakage(place, Scenario(grid_m=1.0))
    beside = leakage(place, Scenario(grid_m=1.0), measured=Measurements("walk.csv", (at(1, 2, -40.0),)))
    assert without.measured is None
    assert without.scenario_id == beside.scenario_id
    assert without.notes == beside.notes
    assert without.at_points.identical(beside.at_points)
    assert without.by_room.identical(beside.by_room)
    assert all(one.data.identical(two.data) for one, two in zip(without.maps, beside.maps, strict=True))


def test_what_was_read_at_the_places_that_set_the_masts_is_said_to_prove_nothing(hut):
    site = hut(sectors=(mast(),), rooms=ROOMS, outside_levels=(OutsideLevel(EE, 2.5, -5.0, 1.5, -80.0, DAY),))
    found = compared(site, at(2.5, -5.0, -80.0), at(1, 2, -90.0))
    assert found.at_readings["residual_db"].values[0] == pytest.approx(0, abs=1e-4)
    assert any("1 of 1 sectors" in note and "1 of 2 readings" in note for note in found.notes)


def test_channels_that_were_not_asked_for_are_left_out_and_named(place):
    scenario = Scenario(channels=(O2,))
    found = compared(place, at(1, 2, -70.0), at(1, 2, -71.0, O2), scenario=scenario)
    assert found.at_readings["line"].values.tolist() == [1]
    assert any(f"left out: {EE}" in note for note in found.notes)
    nothing = compared(place, at(1, 2, -70.0), scenario=scenario)
    assert nothing.overall is None
    assert nothing.by_channel == nothing.by_room == ()


def test_a_reading_that_stands_twice_counts_twice_with_a_note(place):
    found = compared(place, at(1, 2, -70.0), at(1, 2, -70.0))
    assert found.overall.readings == 2
    assert any("1 readings stand in the file more than once" in note for note in found.notes)


def test_the_state_of_sight_is_said_first(place):
    assert "the state that explains a reading better is not looked for" in compared(place, at(1, 2, -70.0)).notes[0]

"""The ground between mast and site: a hill by hand, flat ground that changes nothing, and what lies off the grid."""

import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.propagation.diffraction import bullington_loss_db
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.irregular_terrain import irregular_terrain_loss_db
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.terrain_path import ground_profile
from quietwing.coverage.report.link_budget_text import budget_lines
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Sector
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.terrain import Terrain

pytestmark = pytest.mark.skipif(find_spec("itmlogic") is None, reason="itmlogic (extra terrain) is not installed")

STEP_M = 20.0
WEST_M, NORTH_M = -1000.0, 1000.0
ROWS, COLUMNS = 250, 100  # 2 km wide, from 1 km north of the hut to 4 km south


def mast(**changes) -> Sector:
    row = {
        "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 798.5,
        "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": -2500.0, "height_m": 25.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def ground(height_m) -> Terrain:
    """Heights by the distance south of the hut, in cells of 20 m."""
    south_m = (np.arange(ROWS) + 0.5) * STEP_M - NORTH_M
    heights = np.repeat(height_m(south_m).astype("<f4")[:, None], COLUMNS, axis=1)
    return Terrain(WEST_M, NORTH_M, STEP_M, STEP_M, ROWS, COLUMNS, heights.tobytes())


def flat(south_m):
    return np.full_like(south_m, 70.0)


def ridge(south_m):
    """50 m high and 400 m wide at its foot, half-way to the mast."""
    return 70.0 + np.maximum(50.0 - np.abs(south_m - 1250) / 4, 0.0)


def window() -> PointSet:
    zero = np.zeros(1, np.int32)
    return PointSet(np.array([[2.5, 0.1, 1.5]]), zero, zero, zero, ("window",))


def gain(site, *sectors, points=None):
    return mast_model(prepare_scene(site), sectors or (mast(),)).gain(points or window())


def test_level_ground_changes_nothing(hut):
    bare, level = gain(hut()), gain(hut(terrain=ground(flat)))
    np.testing.assert_array_equal(level.los_db, bare.los_db)
    np.testing.assert_array_equal(level.nlos_db, bare.nlos_db)
    np.testing.assert_array_equal(level.los_probability, bare.los_probability)
    assert not any("terrain" in note for note in bare.notes)
    assert any("rays still arrive at the angle" in note for note in level.notes)


def test_a_ridge_costs_both_states_what_itm_says_of_it_and_takes_the_sight(hut):
    """Both ends of the path stand on level ground at 70 m, so the profile can be written down."""
    bare, over = gain(hut()), gain(hut(terrain=ground(ridge)))
    steps = 125  # of 20 m: to the window in the south wall, at y = 0
    south_m = np.linspace(2500, 0, steps + 1)
    row = (NORTH_M + south_m) / STEP_M - 0.5  # bilinear between the middles of cells
    profile_m = np.interp(row, np.arange(ROWS), ridge((np.arange(ROWS) + 0.5) * STEP_M - NORTH_M).astype("float32"))
    level_m = np.full(steps + 1, profile_m.mean())
    itm_db = [irregular_terrain_loss_db(798.5, g, 20.0, 25.0, 1.5, vertical=True) for g in (profile_m, level_m)]
    extra_db = itm_db[0] - itm_db[1]
    assert extra_db > 20
    assert bare.los_db - over.los_db == pytest.approx(extra_db, abs=0.01)
    assert bare.nlos_db - over.nlos_db == pytest.approx(extra_db, abs=0.01)
    assert bare.los_probability > 0
    assert over.los_probability == 0


def test_a_mast_on_a_hill_gains_but_never_more_than_free_space(hut):
    on_top = ground(lambda south_m: np.interp(south_m, [500, 2400], [70.0, 270.0]))
    bare, over = gain(hut()), gain(hut(terrain=on_top))
    assert over.nlos_db >= bare.nlos_db
    free_db = float(free_space_loss_db(np.hypot(2500.1, 23.5), 798.5))
    assert -over.los_db >= free_db
    low = gain(hut(terrain=on_top), mast(height_m=400.0))  # nearly free space already: nothing is left to gain
    assert -low.los_db >= free_space_loss_db(np.hypot(2500.1, 398.5), 798.5) - 1e-3


def test_a_short_path_goes_over_one_edge(hut):
    near = mast(y_m=-600.0)
    bump = ground(lambda south_m: 70.0 + np.where(np.abs(south_m - 300) < 15, 40.0, 0.0))
    bare, over = gain(hut(), near), gain(hut(terrain=bump), near)
    profile = ground_profile(bump, (2.5, -600.0), (2.5, 0.0))
    level_m = np.full(len(profile.ground_m), profile.ground_m.mean())
    edge_db = [float(bullington_loss_db(g, profile.spacing_m, 25.0, 1.5, 798.5)) for g in (profile.ground_m, level_m)]
    assert bare.nlos_db - over.nlos_db == pytest.approx(edge_db[0] - edge_db[1], abs=0.01)
    assert any("shorter than 1000 m" in note for note in over.notes)


def test_a_mast_off_the_grid_is_told_and_stands_on_level_ground(hut):
    far = mast(id="m2", y_m=-4500.0)
    over = gain(hut(terrain=ground(ridge)), mast(), far)
    bare = gain(hut(), mast(), far)
    assert over.nlos_db[1] == bare.nlos_db[1]
    assert over.nlos_db[0] < bare.nlos_db[0]
    assert any("1 of 2 masts have unknown ground" in note for note in over.notes)


def test_a_point_has_the_same_ground_whoever_is_asked_about_beside_it(hut):
    site = hut(terrain=ground(ridge))
    xyz_m = np.array([[150.0, -40.0, 1.5], [130.0, -90.0, 1.5], [800.0, 300.0, 1.5]])
    together = gain(site, points=scattered(xyz_m))
    for index in range(3):
        alone = gain(site, points=scattered(xyz_m[index : index + 1]))
        assert alone.nlos_db[0, 0] == together.nlos_db[0, index]
    bare = gain(hut(), points=scattered(xyz_m))
    assert (together.nlos_db < bare.nlos_db - 20).all()


def test_the_budget_has_a_line_for_the_ground_and_adds_up(hut):
    site = hut(terrain=ground(ridge), sectors=(mast(),))
    budget = explain_room(site, Scenario(), "A-01").budgets[0]
    assert budget.ground_db > 20
    lost_db = (
        budget.path_loss_db + budget.ground_db + sum(one.loss_db for one in budget.crossed) - budget.floor_cap_db
    )
    assert budget.straight_dbm == pytest.approx(budget.eirp_dbm + budget.pattern_db - lost_db, abs=1e-6)
    assert any("the ground between" in words for words, _, _ in budget_lines(budget))
    level = explain_room(dataclasses.replace(site, terrain=None), Scenario(), "A-01").budgets[0]
    assert level.ground_db == 0
    assert not any("the ground between" in words for words, _, _ in budget_lines(level))

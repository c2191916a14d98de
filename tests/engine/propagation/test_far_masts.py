"""Masts beyond TR 38.901's range: Longley-Rice over the ground, P.2108 round the phone there and nowhere else."""

import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest
from shapely.geometry import box

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.propagation import far_path
from quietwing.coverage.propagation.clutter import height_gain_clutter_loss_db, terrestrial_clutter_loss_db
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.irregular_terrain import irregular_terrain_loss_db
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.report.link_budget_text import budget_lines
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Building, Room, Sector, Storey, Surroundings
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.terrain import Terrain

pytestmark = pytest.mark.skipif(find_spec("itmlogic") is None, reason="itmlogic (extra terrain) is not installed")

CLUTTER = ("height_gain_clutter_loss_db", "terrestrial_clutter_loss_db")
ENVIRONMENTS = ("UMa", "UMi", "RMa", "street", "roofs")
STEP_M, NORTH_M, ROWS = 50.0, 500.0, 260  # to 12.5 km south of the hut


def mast(away_m=6000.0, **changes) -> Sector:
    row = {
        "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 798.5,
        "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": -away_m, "height_m": 25.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def ground(height_m=lambda south_m: np.full_like(south_m, 70.0)) -> Terrain:
    south_m = (np.arange(ROWS) + 0.5) * STEP_M - NORTH_M
    heights = np.repeat(height_m(south_m).astype("<f4")[:, None], 20, axis=1)
    return Terrain(-500.0, NORTH_M, STEP_M, STEP_M, ROWS, 20, heights.tobytes())


def gain(site, *sectors, points=None, role="silence"):
    """Of masts in a yard that must be silent, or has another role: round the place, or round the points given."""
    site = dataclasses.replace(site, rooms=(*site.rooms, Room("yard", None, 0, box(-200, -200, 200, 200), role)))
    points = scattered(PLACE) if points is None else points
    points = dataclasses.replace(points, room=np.full(len(points), len(site.rooms) - 1, np.int32))
    return mast_model(prepare_scene(site), sectors or (mast(),)).gain(points)


PLACE = np.array([[50.0, -50.0, 1.5]])  # the middle of its square of 100 m, in the open


def itm_db(freq_mhz, away_m, above_m, mast_m=25.0):
    level_m = np.full(401, 70.0)
    return irregular_terrain_loss_db(freq_mhz, level_m, away_m / 400, mast_m, above_m, vertical=True)


# --------------------------------------------------------------------------- the loss itself


@pytest.mark.parametrize(("area", "kind", "top_m"), [("urban", "urban", 15), ("suburban", "suburban", 10),
                                                     ("rural", "open", 10)])  # fmt: skip
def test_below_3_ghz_the_path_ends_on_the_clutter_and_the_clutter_is_added(area, kind, top_m):
    ground_m = np.full(401, 70.0)
    los_db, nlos_db, notes = far_path.far_loss_db(ground_m, 15.0, np.array([800.0]), 25.0, 1.5, area, Surroundings())
    assert los_db[0] == pytest.approx(itm_db(800.0, 6000.0, 1.5), abs=1e-9)
    around_db = float(height_gain_clutter_loss_db(800.0, 1.5, kind, top_m))
    assert around_db > 15
    assert nlos_db[0] == pytest.approx(itm_db(800.0, 6000.0, top_m) + around_db, abs=1e-9)
    assert notes == ()


def test_above_3_ghz_it_is_the_median_of_towns_and_the_path_ends_at_the_phone():
    ground_m, freq_mhz = np.full(401, 70.0), np.array([3000.0, 3500.0])
    for area in ("urban", "suburban"):
        los_db, nlos_db, _ = far_path.far_loss_db(ground_m, 15.0, freq_mhz, 25.0, 1.5, area, Surroundings())
        assert nlos_db[1] - los_db[1] == pytest.approx(float(terrestrial_clutter_loss_db(3500.0, 6000.0, 0.5)))
        around_db = float(height_gain_clutter_loss_db(3000.0, 1.5, area))
        assert nlos_db[0] == pytest.approx(itm_db(3000.0, 6000.0, {"urban": 15}.get(area, 10)) + around_db)


def test_open_country_has_no_clutter_of_its_own_above_3_ghz_and_keeps_that_of_3_ghz():
    """K_h2 = 21.8 + 6.2 lg 3 = 24.76; −24.76·lg(1.5/10) = 20.4 dB."""
    ground_m = np.full(401, 70.0)
    _, nlos_db, notes = far_path.far_loss_db(ground_m, 15.0, np.array([3500.0]), 25.0, 1.5, "rural", Surroundings())
    assert nlos_db[0] - itm_db(3500.0, 6000.0, 10.0) == pytest.approx(24.758 * 0.8239, abs=0.01)
    assert notes == (far_path.OPEN_ABOVE,)


def test_houses_of_the_site_are_its_clutter_in_towns_alone():
    ground_m, freq_mhz = np.full(401, 70.0), np.array([800.0])
    around = Surroundings(roof_m=7.0, street_width_m=15.0)
    _, nlos_db, _ = far_path.far_loss_db(ground_m, 15.0, freq_mhz, 25.0, 1.5, "suburban", around)
    around_db = float(height_gain_clutter_loss_db(800.0, 1.5, "suburban", 7.0, 15.0))
    assert nlos_db[0] == pytest.approx(itm_db(800.0, 6000.0, 7.0) + around_db, abs=1e-9)
    rural = [
        far_path.far_loss_db(ground_m, 15.0, freq_mhz, 25.0, 1.5, "rural", each)[1][0]
        for each in (around, Surroundings())
    ]
    assert rural[0] == rural[1]


@pytest.mark.parametrize("freq_mhz", [800.0, 3500.0])
def test_a_storey_above_the_clutter_has_none(freq_mhz):
    ground_m, freqs = np.full(401, 70.0), np.array([freq_mhz])
    for above_m, clutter in ((9.9, True), (10.0, False), (16.5, False)):
        los_db, nlos_db, _ = far_path.far_loss_db(ground_m, 15.0, freqs, 25.0, above_m, "suburban", Surroundings())
        assert (nlos_db != los_db) == clutter


@pytest.mark.parametrize(("mast_m", "above_m"), [(25.0, -1.5), (0.4, 1.5), (4000.0, 1.5)])
def test_outside_the_model_nothing_is_known_and_a_note_says_so(mast_m, above_m):
    found = far_path.far_loss_db(
        np.full(401, 70.0), 15.0, np.array([800.0]), mast_m, above_m, "urban", Surroundings()
    )  # fmt: skip
    assert np.isnan(found[0]).all()
    assert np.isnan(found[1]).all()
    assert found[2] == (far_path.NO_FAR,)


# --------------------------------------------------------------------------- in the gain of a mast


def test_beyond_the_range_both_states_are_that_of_the_ground(hut):
    """The hut is suburban: 10 m of clutter. The profile of 5950.2 m has 120 steps, of 50 m or a little less."""
    over = gain(hut(terrain=ground()))
    away_m = float(np.hypot(47.5, 5950.0))
    level_m = np.full(121, 70.0)
    seen_db, top_db = (
        irregular_terrain_loss_db(798.5, level_m, away_m / 120, 25.0, h, vertical=True) for h in (1.5, 10.0)
    )
    hidden_db = top_db + float(height_gain_clutter_loss_db(798.5, 1.5, "suburban"))
    assert -over.los_db[0, 0] == pytest.approx(seen_db, abs=0.01)
    assert -over.nlos_db[0, 0] == pytest.approx(hidden_db, abs=0.01)
    assert any("beyond the range of TR 38.901 UMa (5000 m with sight, 5000 m without)" in n for n in over.notes)
    assert not any("the formula is extrapolated" in note for note in over.notes)


@pytest.mark.parametrize(("environment", "clear", "reach_m"), [
    ("UMa", True, 5000), ("UMa", False, 5000), ("UMi", True, 5000), ("UMi", False, 5000), ("RMa", True, 10_000),
    ("RMa", False, 5000), ("street", False, 5000), ("roofs", False, 5000),
])  # fmt: skip
def test_the_range_ends_where_the_standard_says(hut, environment, clear, reach_m):
    """Level ground adds nothing inside the range; beyond it another model gives another loss."""
    for step_m, same in ((-20, True), (20, False)):
        sector = mast(reach_m + step_m + 50.0, x_m=50.0, environment=environment, height_m=12.0)
        level, bare = gain(hut(terrain=ground()), sector), gain(hut(), sector)
        one, other = (each.los_db if clear else each.nlos_db for each in (level, bare))
        assert (one == other).all() == same


def test_without_ground_the_formula_goes_on_with_a_note(hut):
    bare = gain(hut())
    sector = mast(20_000.0)
    off = gain(hut(terrain=ground()), sector)
    for found, away_m in ((bare, 5950.0), (off, 19_950.0)):
        uma_db, _ = clipped_mast_loss_db("UMa", 798.5, np.hypot(47.5, away_m), 25.0, 1.5, False)
        assert -found.nlos_db[0, 0] == pytest.approx(float(uma_db), abs=0.1)  # the way over the hut adds a little
        assert any("the formula is extrapolated" in note for note in found.notes)


def test_a_basement_is_below_the_models_antennas(hut):
    """Floor 3 m down: a phone at −1.5 m, which the model does not hold for; TR 38.901 counts it as 1.5 m high."""
    deep = Building("A", hut().buildings[0].outline, (Storey("Cellar", -3.0, 2.5), Storey("Ground", 0.0, 3.0)))
    site = hut(buildings=(deep,), rooms=(), walls=(), openings=(), slabs=())
    points = PointSet(
        np.array([[2.5, 1.0, -1.5], [2.5, 1.0, 1.5]]), np.full(2, -1, np.int32), np.array([0, 1], np.int32),
        np.zeros(2, np.int32), ("centre",) * 2,
    )  # fmt: skip
    over, bare = gain(dataclasses.replace(site, terrain=ground()), points=points), gain(site, points=points)
    assert over.nlos_db[0, 0] == pytest.approx(bare.nlos_db[0, 0], abs=0.01)
    assert over.nlos_db[0, 1] > bare.nlos_db[0, 1] + 5
    assert far_path.NO_FAR in over.notes


def test_where_the_public_level_bounds_spill_the_larger_loss_counts(hut):
    """Over level ground that of TR 38.901, behind a ridge Longley-Rice; where phones must be silent the other one."""
    ridge = ground(lambda south_m: 70.0 + np.maximum(400.0 - np.abs(south_m - 3000) / 4, 0.0))
    bare = gain(hut(), role="keep")
    for site in (hut(terrain=ground()), hut(terrain=ridge)):
        silent, keep = gain(site), gain(site, role="keep")
        outside = mast_model(prepare_scene(site), (mast(),)).gain(scattered(PLACE))
        for one, other, beyond, formula in (
            (keep.los_db, outside.los_db, silent.los_db, bare.los_db),
            (keep.nlos_db, outside.nlos_db, silent.nlos_db, bare.nlos_db),
        ):
            assert one == other
            assert one <= np.minimum(beyond, formula) + 0.01
    assert keep.los_db == silent.los_db < bare.los_db - 10
    assert gain(hut(terrain=ground())).los_db > gain(hut(terrain=ground()), role="keep").los_db + 15


def test_a_ridge_is_counted_once(hut):
    """What the ground adds elsewhere is not added to a loss that holds it."""
    ridge = ground(lambda south_m: 70.0 + np.maximum(120.0 - np.abs(south_m - 3000) / 4, 0.0))
    level, over = gain(hut(terrain=ground())), gain(hut(terrain=ridge))
    row = (NORTH_M - np.linspace(-6000, -50, 121)) / STEP_M - 0.5
    profile_m = np.interp(row, np.arange(ROWS), ridge.grid_m[:, 0])
    spacing_m = float(np.hypot(47.5, 5950.0)) / 120
    seen_db = irregular_terrain_loss_db(798.5, profile_m, spacing_m, 25.0, 1.5, vertical=True)
    assert -over.los_db[0, 0] == pytest.approx(seen_db, abs=0.01)
    assert over.los_db[0, 0] < level.los_db[0, 0] - 20
    assert over.los_probability[0, 0] == 0


def test_a_mast_on_a_hill_is_heard_no_louder_than_in_free_space(hut):
    hill = ground(lambda south_m: np.interp(south_m, [1000, 5800], [70.0, 700.0]))
    for freq_mhz in (798.5, 3500.0):
        over = gain(hut(terrain=hill), mast(freq_mhz=freq_mhz, height_m=100.0))
        free_db = float(free_space_loss_db(np.hypot(np.hypot(47.5, 5950.0), 98.5), freq_mhz))
        assert -over.los_db[0, 0] >= free_db - 0.01  # the way over the hut adds a little
        assert over.nlos_db[0, 0] <= over.los_db[0, 0]


def test_a_place_has_the_same_gain_whoever_is_asked_about_beside_it(hut):
    rough = ground(lambda south_m: 70.0 + 20 * np.sin(south_m / 300))
    rng = np.random.default_rng(3)
    xyz_m = np.column_stack([rng.uniform(-150, 150, 12), rng.uniform(-150, 150, 12), rng.uniform(1, 9, 12)])
    sectors = (mast(5000.0), mast(6000.0, id="m2", environment="RMa"))  # the first one's range ends on the site
    model = mast_model(prepare_scene(hut(terrain=rough)), sectors)
    together = model.gain(scattered(xyz_m))
    for index in range(12):
        alone = model.gain(scattered(xyz_m[index : index + 1]))
        np.testing.assert_array_equal(alone.los_db[:, 0], together.los_db[:, index])
        np.testing.assert_array_equal(alone.nlos_db[:, 0], together.nlos_db[:, index])


def test_the_budget_names_the_model_has_no_line_for_the_ground_and_adds_up(hut):
    budget = explain_room(hut(terrain=ground(), sectors=(mast(),)), Scenario(), "A-01").budgets[0]
    assert not budget.line_of_sight
    assert budget.path_law == "Longley-Rice and the clutter of P.2108"
    assert budget.ground_db == 0
    lost_db = budget.path_loss_db + sum(one.loss_db for one in budget.crossed) - budget.floor_cap_db
    assert budget.straight_dbm == pytest.approx(budget.eirp_dbm + budget.pattern_db - lost_db, abs=1e-6)
    assert any("Longley-Rice and the clutter of P.2108 over" in words for words, _, _ in budget_lines(budget))


# --------------------------------------------------------------------------- clutter is counted once


@pytest.fixture
def no_clutter(monkeypatch):
    """Whoever asks for clutter fails the test."""

    def refuse(*args: object, **named: object) -> None:
        raise AssertionError("clutter was counted twice")

    for name in CLUTTER:
        monkeypatch.setattr(far_path, name, refuse)


@pytest.mark.parametrize("freq_mhz", [1798.5, 3500.0])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_tr_38_901_or_p_1411_gives_has_no_clutter_added(hut, no_clutter, environment, freq_mhz):
    around = Surroundings(roof_m=8.0, row_spacing_m=40.0, street_width_m=20.0)
    near = [
        mast(away_m, id=f"m{away_m}", environment=environment, freq_mhz=freq_mhz, height_m=h, corner_x_m=60.0,
             corner_y_m=-away_m)
        for away_m, h in ((100.0, 6.0), (600.0, 12.0), (4900.0, 30.0))
    ]  # fmt: skip
    gain(hut(terrain=ground(), surroundings=around), *near)
    gain(hut(surroundings=around), *near, mast(8000.0, environment=environment, freq_mhz=freq_mhz))
    with pytest.raises(AssertionError, match="counted twice"):
        gain(hut(terrain=ground()), mast(environment=environment, freq_mhz=freq_mhz))


# --------------------------------------------------------------------------- the seam


@pytest.mark.parametrize(("environment", "area", "mast_m", "reach_m", "seen_db", "hidden_db"), [
    ("UMa", "urban", 25.0, 5000.0, (-20, -21, -20), (-30, -26, -21)),
    ("UMa", "suburban", 25.0, 5000.0, (-20, -21, -20), (-33, -30, -21)),
    ("UMi", "urban", 10.0, 5000.0, (-22, -22, -23), (-24, -21, -10)),
    ("RMa", "rural", 35.0, 5000.0, None, (-23, -21, -20)),
    ("RMa", "rural", 35.0, 10_000.0, (-8, -9, -13), None),
])  # fmt: skip
def test_the_step_at_the_ranges_end_over_level_ground_is_that_of_the_model_page(
    environment, area, mast_m, reach_m, seen_db, hidden_db
):
    """At 800, 1800 and 3500 MHz, whole decibels as docs/model.md prints them: the far side is the louder one."""
    freq_mhz, level_m = np.array([800.0, 1800.0, 3500.0]), np.full(401, 70.0)
    far = far_path.far_loss_db(level_m, reach_m / 400, freq_mhz, mast_m, 1.5, area, Surroundings())
    for told_db, far_db, clear in ((seen_db, far[0], True), (hidden_db, far[1], False)):
        if told_db is not None:
            near_db, _ = clipped_mast_loss_db(environment, freq_mhz, reach_m, mast_m, 1.5, clear)
            np.testing.assert_allclose(far_db - near_db, told_db, atol=0.6)

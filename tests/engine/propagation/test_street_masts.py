"""A small cell below the roofs: P.1411 where it holds, TR 38.901's street canyon beyond, clutter never twice."""

import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest

from quietwing.coverage.propagation import clutter, far_path
from quietwing.coverage.propagation.angular_spread import facade_share_db
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.mast_path import mast_los_probability, path_states_db, scenario_of
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db, los_probability
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites.model import Sector
from quietwing.sites.points import scattered
from quietwing.sites.terrain import Terrain


def mast(**changes) -> Sector:
    row = {
        "id": "s1", "operator": "EE", "plmn": "234-30", "band": "B1", "technology": "LTE", "freq_mhz": 2100.0,
        "bandwidth_mhz": 10.0, "x_m": 3.0, "y_m": -100.0, "height_m": 6.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 40.0, "environment": "street",
    }  # fmt: skip
    return Sector(**(row | changes))


def states(sector: Sector, area: str, *away_m: float):
    return path_states_db(sector, area, np.array(away_m), np.full(len(away_m), 6.0))


def test_urban_streets_by_hand():
    los_db, nlos_db, notes = states(mast(), "urban", 600.0)
    lg_f, lg_d = np.log10(2.1), np.log10(600)
    assert los_db[0] == pytest.approx(21.2 * lg_d + 29.2 + 21.1 * lg_f)
    assert nlos_db[0] == pytest.approx(40.0 * lg_d + 10.2 + 23.6 * lg_f)
    assert notes == ()


@pytest.mark.parametrize("area", ["suburban", "rural"])
def test_residential_streets_by_hand(area):
    los_db, nlos_db, _ = states(mast(), area, 100.0)
    lg_f = np.log10(2.1)
    assert 21.2 * 2 + 29.2 + 21.1 * lg_f < los_db[0]  # the formula's median lies 0.5 dB below free space, which rules
    assert los_db[0] == pytest.approx(free_space_loss_db(100.0, 2100.0))
    assert nlos_db[0] == pytest.approx(30.1 * 2 + 18.8 + 20.7 * lg_f)


@pytest.mark.parametrize(("away_m", "freq_mhz"), [(800.0, 2100.0), (100.0, 773.0), (3.0, 2100.0)])
def test_beyond_its_range_it_is_the_street_canyon_of_38_901_with_a_note(away_m, freq_mhz):
    found = states(mast(freq_mhz=freq_mhz), "urban", away_m)
    for clear, loss_db in ((True, found[0]), (False, found[1])):
        expected_db, _ = clipped_mast_loss_db("UMi", freq_mhz, away_m, 6.0, 6.0, clear)
        assert loss_db[0] == pytest.approx(expected_db)
    assert any("P.1411" in note and "UMi is taken" in note for note in found[2])


def test_the_ends_of_the_range_are_inside_and_each_state_has_its_own():
    los_db, nlos_db, notes = states(mast(), "suburban", 170.0, 171.0)
    umi_db, _ = clipped_mast_loss_db("UMi", 2100.0, 171.0, 6.0, 6.0, False)
    assert nlos_db[0] == pytest.approx(30.1 * np.log10(170) + 18.8 + 20.7 * np.log10(2.1))
    assert nlos_db[1] == pytest.approx(umi_db)
    row_db = 21.2 * np.log10(171) + 29.2 + 21.1 * np.log10(2.1)
    assert los_db[1] == pytest.approx(max(row_db, free_space_loss_db(171.0, 2100.0)))
    assert [("without sight" in note) for note in notes] == [True]


@pytest.mark.parametrize("area", ["urban", "suburban"])
@pytest.mark.parametrize("freq_mhz", [800.0, 2100.0, 3500.0, 7125.0])
def test_never_below_free_space_and_never_less_without_sight(area, freq_mhz):
    away_m = np.geomspace(1, 3000, 200)
    los_db, nlos_db, _ = states(mast(freq_mhz=freq_mhz), area, *away_m)
    assert (los_db >= free_space_loss_db(away_m, freq_mhz) - 1e-9).all()
    assert (nlos_db >= los_db).all()


def test_masts_of_38_901_are_as_they_were():
    away_m = np.array([5.0, 100.0, 3000.0])
    for environment in ("UMa", "UMi", "RMa"):
        found = path_states_db(mast(environment=environment), "urban", away_m, np.full(3, 6.0))
        for clear, loss_db in zip((True, False), found, strict=False):
            np.testing.assert_array_equal(
                loss_db, clipped_mast_loss_db(environment, 2100.0, away_m, 6.0, 6.0, clear)[0]
            )


def test_chance_of_sight_and_spread_are_those_of_the_street_canyon(hut):
    assert mast_los_probability("street", 60.0) == los_probability("UMi", 60.0)
    assert scenario_of("street") == "UMi"
    street = mast_model(prepare_scene(hut(area="urban")), (mast(),))
    share_db = facade_share_db("UMi", False, 2100.0, street.floor.turned_deg(np.array([3.0, -100.0, 6.0])))
    inside_db = float(street.scatter_nlos.before_db[0, 0])
    nlos_db = path_states_db(
        mast(), "urban", np.hypot(*(street.floor.outside_m[:1, :2] - [3.0, -100.0]).T), street.floor.outside_m[:1, 2]
    )[1]
    assert inside_db == pytest.approx(float(-nlos_db[0] + share_db[0]), abs=0.01)


@pytest.mark.skipif(find_spec("itmlogic") is None, reason="itmlogic (extra terrain) is not installed")
@pytest.mark.parametrize("environment", ["UMa", "UMi", "RMa", "street", "roofs"])
def test_clutter_of_p2108_is_never_added_within_their_range(hut, monkeypatch, environment):
    """TR 38.901 and P.1411 hold it; over terrain Longley-Rice enters as a difference, so that it holds still."""

    def refuse(*args: object, **named: object) -> None:
        raise AssertionError("clutter was counted twice")

    for name in ("height_gain_clutter_loss_db", "terrestrial_clutter_loss_db", "slant_clutter_loss_db"):
        monkeypatch.setattr(clutter, name, refuse)
        if hasattr(far_path, name):
            monkeypatch.setattr(far_path, name, refuse)
    level = Terrain(-500.0, 500.0, 50.0, 50.0, 100, 20, np.full(2000, 40.0, "<f4").tobytes())
    far = mast(environment=environment, y_m=-2000.0)
    point = scattered(np.array([[3.0, -10.0, 1.5]]))
    bare = mast_model(prepare_scene(hut()), (far,)).gain(point)
    over = mast_model(prepare_scene(dataclasses.replace(hut(), terrain=level)), (far,)).gain(point)
    np.testing.assert_array_equal(over.nlos_db, bare.nlos_db)

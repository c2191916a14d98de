"""Levels read on the site replace the arithmetic of the masts."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking.calibration import MEASURED_SIGMA_DB, calibrate
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites.model import OutsideLevel, Sector
from quietwing.sites.points import PointSet, scattered

PLACE = (2.5, -5.0, 1.5)


def mast(name: str, y_m: float, channel: str = "EE/B20/LTE") -> Sector:
    operator, band, technology = channel.split("/")
    return Sector(
        name, operator, "234-30", band, technology, 798.5, 5.0, 2.5, y_m, 25.0, 0.0, 0.0, "omni", 58.0, "UMa"
    )


def level(rsrp_dbm: float, channel: str = "EE/B20/LTE") -> OutsideLevel:
    return OutsideLevel(channel, *PLACE, rsrp_dbm, dt.date(2026, 11, 1))


def predicted_dbm(model) -> np.ndarray:
    gain = model.gain(scattered(np.array([PLACE])))
    return np.array([reference_eirp_dbm(s) for s in model.sectors]) + gain.nlos_db[:, 0]


@pytest.fixture(scope="module")
def model(hut):
    masts = (mast("near", -500.0), mast("far", -1500.0), mast("other", -700.0, "O2/B20/LTE"))
    return mast_model(prepare_scene(hut()), masts)


def test_the_strongest_sector_takes_the_whole_difference(model):
    found = calibrate(model, (level(-80.0),), 0.95)
    assert predicted_dbm(model)[0] + found.nlos_offset_db[0] == pytest.approx(-80.0, abs=1e-3)
    assert found.measured.tolist() == [True, False, False]
    assert found.sigma_db(scattered(np.array([PLACE]))).tolist() == [[MEASURED_SIGMA_DB], [8.0], [8.0]]


def test_a_weaker_sector_is_never_left_above_what_was_read(model):
    far_dbm = predicted_dbm(model)[1]
    found = calibrate(model, (level(far_dbm - 7.0),), 0.95)
    assert far_dbm + found.nlos_offset_db[1] == pytest.approx(far_dbm - 7.0, abs=1e-3)
    assert calibrate(model, (level(far_dbm + 7.0),), 0.95).nlos_offset_db[1] == 0.0


def test_the_state_of_sight_is_the_one_that_explains_the_reading(model):
    gain = model.gain(scattered(np.array([PLACE])))
    eirp_dbm = reference_eirp_dbm(model.sectors[0])
    for clear, gain_db in ((True, gain.los_db), (False, gain.nlos_db)):
        found = calibrate(model, (level(float(eirp_dbm + gain_db[0, 0]) - 2.0),), 0.95)
        assert found.los_known[0]
        assert found.clear[0] == clear
        offset_db = found.los_offset_db if clear else found.nlos_offset_db
        assert offset_db[0] == pytest.approx(-2.0, abs=1e-3)
        assert found.los(gain, 0.95)[0, 0] == clear


def test_several_readings_are_averaged(model):
    found = calibrate(model, (level(-80.0), level(-84.0)), 0.95)
    assert predicted_dbm(model)[0] + found.nlos_offset_db[0] == pytest.approx(-82.0, abs=1e-3)


def test_a_reading_without_its_mast_is_named(model):
    found = calibrate(model, (level(-80.0, "VF/B8/GSM"),), 0.95)
    assert not found.measured.any()
    assert any("VF/B8/GSM" in note for note in found.notes)


def test_without_readings_nothing_moves(model):
    found = calibrate(model, (), 0.95)
    assert not found.nlos_offset_db.any()
    assert not found.los_offset_db.any()
    assert found.notes == ()


# Carriers of one antenna, masts and their state of sight

TWIN = replace(mast("twin", -500.0), freq_mhz=799.0, eirp_dbm=55.0)  # 20 lg(799/798.5) = 0.005 dB more loss


def at_the_reading(site, *sectors):
    """Both states of each sector at the place of the readings, and the state that is fixed."""
    links = public_links(link_model(prepare_scene(site), sectors), scattered(np.array([PLACE])))
    return np.stack([links.los_dbm[:, 0], links.nlos_dbm[:, 0]]), links.fixed_los


@pytest.mark.parametrize("clear", [True, False])
def test_carriers_of_one_antenna_share_what_was_read_of_one(hut, clear):
    """The reading is of the stronger carrier; 3 dB less EIRP is 3 dB less there, whatever the state of sight."""
    one = mast("near", -500.0)
    predicted_dbm, _ = at_the_reading(hut(sectors=(one, TWIN)), one, TWIN)
    read_dbm = float(predicted_dbm[0 if clear else 1, 0]) - 4.0
    levels_dbm, fixed = at_the_reading(hut(sectors=(one, TWIN), outside_levels=(level(read_dbm),)), one, TWIN)
    assert fixed.tolist() == [clear, clear]
    for of_state in levels_dbm:
        assert of_state == pytest.approx([read_dbm, read_dbm - 3.0], abs=0.01)


def test_a_twin_counts_as_measured_and_another_antenna_of_the_mast_does_not(hut):
    turned = replace(TWIN, id="turned", pattern="sector_65", azimuth_deg=120.0)
    masts = mast_model(prepare_scene(hut()), (mast("near", -500.0), TWIN, turned))
    found = calibrate(masts, (level(-80.0),), 0.95)
    assert found.measured.tolist() == [True, True, False]
    assert found.los_known.tolist() == [True, True, True]
    sigma_db = found.sigma_db(scattered(np.array([PLACE])))
    assert sigma_db.tolist() == [[MEASURED_SIGMA_DB], [MEASURED_SIGMA_DB], [8.0]]


@pytest.mark.parametrize("clear", [True, False])
def test_the_state_of_sight_of_a_mast_holds_for_all_its_channels(hut, clear):
    """One path leads from a mast to the site; another mast has a path of its own."""
    read = mast("near", -500.0)
    there, elsewhere = mast("there", -500.0, "O2/B20/LTE"), mast("elsewhere", -700.0, "O2/B20/LTE")
    predicted_dbm, _ = at_the_reading(hut(sectors=(read,)), read)
    levels = (level(float(predicted_dbm[0 if clear else 1, 0])),)
    _, fixed = at_the_reading(hut(sectors=(read,), outside_levels=levels), read, there, elsewhere)
    assert fixed.tolist() == [clear, clear, -1]


def test_all_readings_of_a_mast_tell_its_state_of_sight_together(hut):
    """Of 29 dB between the states one reading lies 16 below the clear one; the other, 1 below, outweighs it."""
    first, second = mast("first", -500.0), mast("second", -500.0, "O2/B20/LTE")
    (clear_dbm, hidden_dbm), _ = at_the_reading(hut(sectors=(first,)), first)
    faint = level(float(0.45 * clear_dbm[0] + 0.55 * hidden_dbm[0]), second.channel)
    _, alone = at_the_reading(hut(sectors=(second,), outside_levels=(faint,)), second)
    both = (level(float(clear_dbm[0]) - 1.0), faint)
    _, together = at_the_reading(hut(sectors=(first,), outside_levels=both), first, second)
    assert alone.tolist() == [0]
    assert together.tolist() == [1, 1]


def test_another_mast_of_the_channel_is_held_at_what_was_read_in_either_state(hut):
    near, far = mast("near", -500.0), mast("far", -1500.0)
    predicted_dbm, _ = at_the_reading(hut(sectors=(near, far)), near, far)
    read_dbm = float(predicted_dbm[1, 1]) + 5.0  # above the hidden state of the far mast, below its clear one
    levels_dbm, fixed = at_the_reading(hut(sectors=(near, far), outside_levels=(level(read_dbm),)), near, far)
    assert fixed[1] == -1
    assert levels_dbm[0, 1] == pytest.approx(read_dbm, abs=0.01)
    assert levels_dbm[1, 1] == pytest.approx(read_dbm - 5.0, abs=0.01)


# How far a reading reaches


def away(*distances_m: float) -> PointSet:
    """Places in the open so far east of the reading."""
    x_m, y_m, z_m = PLACE
    return scattered(np.array([[x_m + distance_m, y_m, z_m] for distance_m in distances_m]))


def sigma_db(hut, *sectors, at, read_dbm):
    """Of each sector at some places, where the first one's channel was read at the reading's place."""
    site = hut(sectors=sectors, outside_levels=(level(read_dbm),))
    return public_links(link_model(prepare_scene(site), sectors), at).sigma_db


@pytest.mark.parametrize(
    ("environment", "clear", "far_db"),
    [
        # 3² + 2·6²·(1 − exp(−d/50)): 9 + 72·0.330, 9 + 72·0.699, and 9 + 72·0.982 is above 8²
        ("UMa", False, (3.0, 5.722, 7.702, 8.0)),
        # 3² + 2·4²·(1 − exp(−d/37)): 9 + 32·0.418, 9 + 32·0.802, 9 + 32·0.996
        ("UMa", True, (3.0, 4.729, 5.889, 6.392)),
        # 3² + 2·8²·(1 − exp(−d/120)): 9 + 128·0.154, 9 + 128·0.393, and 9 + 128·0.811 is above 8²
        ("RMa", False, (3.0, 5.352, 7.704, 8.0)),
    ],
)
def test_a_reading_is_sure_where_it_was_taken_and_less_so_away_from_there(hut, environment, clear, far_db):
    one, twin = (replace(each, environment=environment) for each in (mast("near", -500.0), TWIN))
    predicted_dbm, _ = at_the_reading(hut(sectors=(one,)), one)
    other = mast("other", -500.0, "O2/B20/LTE")
    read_dbm = float(predicted_dbm[0 if clear else 1, 0])
    found_db = sigma_db(hut, one, twin, other, at=away(0.0, 20.0, 60.0, 200.0), read_dbm=read_dbm)
    assert found_db[0] == pytest.approx(far_db, abs=1e-3)
    assert found_db[1] == pytest.approx(far_db, abs=1e-3)
    assert found_db[2] == pytest.approx(8.0)


def test_a_reading_makes_no_level_less_sure_than_it_is_without(hut):
    known = replace(mast("known", -500.0), sigma_db=5.0)
    found_db = sigma_db(hut, known, at=away(0.0, 10.0, 200.0), read_dbm=-100.0)
    # 9 + 72·(1 − exp(−10/50)) = 22.05
    assert found_db[0] == pytest.approx([3.0, 4.696, 5.0], abs=1e-3)


def test_several_readings_each_rule_where_they_were_taken(hut):
    """Two places shadowed apart, 4 dB above and below: of its own reading each keeps 6²/(6² + 3²) of the 4 dB."""
    one = mast("near", -500.0)
    there = away(0.0, 0.0, 400.0)
    free = public_links(link_model(prepare_scene(hut(sectors=(one,))), (one,)), there).nlos_dbm[0]
    levels = tuple(
        OutsideLevel("EE/B20/LTE", *xyz_m, float(dbm) + off_db, dt.date(2026, 11, 1))
        for xyz_m, dbm, off_db in zip(there.xyz_m[1:].tolist(), free[1:], (4.0, -4.0), strict=True)
    )
    site = hut(sectors=(one,), outside_levels=levels)
    links = public_links(link_model(prepare_scene(site), (one,)), there)
    assert links.nlos_dbm[0, 1:] - free[1:] == pytest.approx([3.2, -3.2], abs=0.01)
    assert links.sigma_db[0] == pytest.approx(3.0)


def test_no_place_depends_on_which_others_are_asked(model):
    readings = tuple(
        OutsideLevel("EE/B20/LTE", 40.0 * number, -5.0, 1.5, -90.0 - 3.0 * (number % 3), dt.date(2026, 11, 1))
        for number in range(7)
    )
    found = calibrate(model, readings, 0.95)
    points = scattered(np.random.default_rng(3).uniform(-200.0, 200.0, (101, 3)))
    at = np.array([3, 50, 97])
    assert np.ptp(found.offset_db(points, False)[0]) > 1.0
    for whole, some in (
        (found.offset_db(points, False), found.offset_db(points.some(at), False)),
        (found.sigma_db(points), found.sigma_db(points.some(at))),
    ):
        assert whole.dtype == np.float32
        assert whole[:, at].tobytes() == some.tobytes()

"""Levels read on the site replace the arithmetic of the masts."""

import datetime as dt

import numpy as np
import pytest

from quietwing.coverage.blocking.calibration import MEASURED_SIGMA_DB, calibrate
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites.model import OutsideLevel, Sector
from quietwing.sites.points import scattered

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
    assert predicted_dbm(model)[0] + found.offset_db[0] == pytest.approx(-80.0, abs=1e-3)
    assert found.measured.tolist() == [True, False, False]
    assert found.sigma_db.tolist() == [MEASURED_SIGMA_DB, 8.0, 8.0]


def test_a_weaker_sector_is_never_left_above_what_was_read(model):
    far_dbm = predicted_dbm(model)[1]
    found = calibrate(model, (level(far_dbm - 7.0),), 0.95)
    assert far_dbm + found.offset_db[1] == pytest.approx(far_dbm - 7.0, abs=1e-3)
    assert calibrate(model, (level(far_dbm + 7.0),), 0.95).offset_db[1] == 0.0


def test_the_state_of_sight_is_the_one_that_explains_the_reading(model):
    gain = model.gain(scattered(np.array([PLACE])))
    eirp_dbm = reference_eirp_dbm(model.sectors[0])
    for clear, gain_db in ((True, gain.los_db), (False, gain.nlos_db)):
        found = calibrate(model, (level(float(eirp_dbm + gain_db[0, 0]) - 2.0),), 0.95)
        assert found.clear[0] == clear
        assert found.offset_db[0] == pytest.approx(-2.0, abs=1e-3)
        assert found.sight(gain, 0.95)[0, 0] == clear


def test_several_readings_are_averaged(model):
    found = calibrate(model, (level(-80.0), level(-84.0)), 0.95)
    assert predicted_dbm(model)[0] + found.offset_db[0] == pytest.approx(-82.0, abs=1e-3)


def test_a_reading_without_its_mast_is_named(model):
    found = calibrate(model, (level(-80.0, "VF/B8/GSM"),), 0.95)
    assert not found.measured.any()
    assert any("VF/B8/GSM" in note for note in found.notes)


def test_without_readings_nothing_moves(model):
    found = calibrate(model, (), 0.95)
    assert not found.offset_db.any()
    assert found.notes == ()

"""Readings as rows: what a reading differs by, whose it is, and which are not to be trusted."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.blocking import link_model, public_links
from quietwing.coverage.calibration.heard_antennas import heard_antennas
from quietwing.coverage.calibration.survey_rows import (
    above_floor,
    blocks_of,
    kept_rows,
    parameters_of,
    prior_of,
    survey_rows,
)
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.rules import load_rules
from quietwing.sites import Measurements, Reading, trial_points

DAY = dt.date(2026, 11, 20)
ERRORS = load_rules().errors


@pytest.fixture(scope="module")
def model():
    """A made wing with one mast of each operator."""
    module = module_at("tests/engine/calibration/made_surveys.py")
    site = module.made_site(4)
    return link_model(prepare_scene(site), site.sectors, load_rules())


@pytest.fixture(scope="module")
def middles(model):
    points = trial_points(model.scene.site)
    return points.some(np.unique(points.room, return_index=True)[1])


def readings(model, points, channel: str, more_db: float, clear: bool = False) -> list[Reading]:
    public = public_links(model, points)
    level = public.los_dbm if clear else public.nlos_dbm
    at = [index for index, one in enumerate(model.sectors) if one.channel == channel]
    best = level[at].max(axis=0)
    return [
        Reading(channel, float(x), float(y), float(z), float(one + more_db), DAY)
        for (x, y, z), one in zip(points.xyz_m, best, strict=True)
    ]


def rows_of(model, found):
    return survey_rows(model, parameters_of(model), Measurements("walk.csv", tuple(found)))


def test_a_reading_differs_by_what_it_is_above_the_model(model, middles):
    rows = rows_of(model, readings(model, middles, "VF/B8/GSM", 5.0))
    mast = next((one.x_m, one.y_m) for one in model.sectors if one.channel == "VF/B8/GSM")
    if not rows.clear[mast]:
        np.testing.assert_allclose(rows.residual_db, 5.0, atol=1e-3)
    assert len(rows.residual_db) == len(middles)
    assert (rows.count == 1).all()
    assert rows.left_out == 0


def test_readings_of_one_room_are_one_row_of_their_mean(model, middles):
    one = readings(model, middles, "VF/B8/GSM", 4.0) + readings(model, middles, "VF/B8/GSM", 6.0)
    rows = rows_of(model, one)
    assert len(rows.residual_db) == len(middles)
    assert (rows.count == 2).all()
    single = rows_of(model, readings(model, middles, "VF/B8/GSM", 5.0))
    np.testing.assert_allclose(rows.residual_db, single.residual_db, atol=1e-6)


def test_two_readings_of_a_room_leave_half_the_variance_of_their_own_errors(model, middles):
    one = rows_of(model, readings(model, middles, "VF/B8/GSM", 0.0))
    two = rows_of(model, readings(model, middles, "VF/B8/GSM", 0.0) * 2)
    alone, both = blocks_of(one, ERRORS)[0].error_db2, blocks_of(two, ERRORS)[0].error_db2
    assert alone == pytest.approx(np.array([[16 + 9.0]]))  # local 4 dB, reading 3 dB
    assert both == pytest.approx(np.array([[16 + 4.5]]))


def test_local_errors_of_a_room_are_correlated_as_the_verdict_draws_them(model, middles):
    found = readings(model, middles.some(np.array([0])), "VF/B8/GSM", 0.0)
    found += readings(model, middles.some(np.array([0])), "VF/B8/LTE", 0.0)
    found += readings(model, middles.some(np.array([0])), "EE/B3/GSM", 0.0)
    rows = rows_of(model, found)
    (block,) = blocks_of(rows, ERRORS)
    shared = {(rows.channel[i], rows.channel[k]): block.error_db2[i, k] for i in range(3) for k in range(3) if i != k}
    assert shared["VF/B8/GSM", "VF/B8/LTE"] == pytest.approx(16)  # one antenna, one band
    assert shared["VF/B8/GSM", "EE/B3/GSM"] == pytest.approx(16 * 0.25 * 0.5)  # the room's part, between two bands


def test_no_two_rooms_share_a_block(model, middles):
    rows = rows_of(model, readings(model, middles, "VF/B8/GSM", 0.0) + readings(model, middles, "EE/B3/GSM", 0.0))
    blocks = blocks_of(rows, ERRORS)
    assert len(blocks) == len(middles)
    assert {len(block.residual_db) for block in blocks} == {2}
    assert sum(len(block.residual_db) for block in blocks_of(rows, ERRORS, rows.antenna == rows.antenna[0])) == len(
        middles
    )


def test_rows_that_were_read_by_luck_are_told_by_what_is_expected_of_them(model, middles):
    rows = rows_of(model, readings(model, middles, "VF/B8/GSM", 0.0))
    expected = rows.rsrp_dbm - rows.residual_db
    floor = {"GSM": float(np.median(expected)) - 1.64 * 5}
    above = above_floor(rows, np.zeros(len(parameters_of(model))), ERRORS, floor)
    np.testing.assert_array_equal(above, expected >= np.median(expected))
    lucky = replace(rows, residual_db=rows.residual_db + 30, rsrp_dbm=rows.rsrp_dbm + 30)
    np.testing.assert_array_equal(above_floor(lucky, np.zeros(len(parameters_of(model))), ERRORS, floor), above)
    assert len(kept_rows(rows, above).channel) == int(above.sum())


def test_the_prior_is_what_the_rules_say(model):
    parameters = parameters_of(model)
    prior = prior_of(model, parameters, np.full(len(model.sectors), 8.0))
    at = parameters.constructions.index("concrete_200")
    assert prior.covariance[at, at] == pytest.approx(0.7 * 25)  # of 5 dB the common part
    first = len(parameters.constructions) + at * parameters.bands
    low, high = model.bands.index("20"), model.bands.index("1")
    assert prior.covariance[first + low, first + low] == pytest.approx(49 - 17.5)  # 7 dB below 1 GHz in all
    assert prior.covariance[first + high, first + high] == pytest.approx(25 - 17.5)
    antennas = prior.covariance[parameters.first_antenna :, parameters.first_antenna :]
    assert np.diag(antennas) == pytest.approx(np.full(len(antennas), 64.0))
    assert set(np.unique(antennas).round(6)) == {0.0, 51.2, 64.0}  # 0.8 of it within a mast and operator
    assert prior.lowest[at] < -10
    assert np.isneginf(prior.lowest[parameters.first_antenna :]).all()


def test_of_two_masts_the_one_that_explains_what_was_read_was_heard(model, middles):
    """A second mast of VF, 12 dB weaker by the model: what is read 2 dB and 14 dB above the two is the first's."""
    site = model.scene.site
    twins = tuple(
        replace(one, id=f"far-{one.id}", x_m=one.x_m + 400, eirp_dbm=one.eirp_dbm - 12)
        for one in site.sectors
        if one.operator == "VF" and one.band == "B8"
    )
    both = link_model(prepare_scene(site), (*site.sectors, *twins), load_rules())
    found = []
    for name in ("VF/B8/GSM", "VF/B8/LTE"):
        found += readings(both, middles, name, 2.0)
    parameters = parameters_of(both)
    rows = survey_rows(both, parameters, Measurements("walk.csv", tuple(found)))
    told = heard_antennas(both, parameters, prior_of(both, parameters, np.full(len(both.sectors), 8.0)), rows, ERRORS)
    assert set(told) == {"VF/B8/GSM", "VF/B8/LTE"}
    for name, antenna in told.items():
        if antenna >= 0:
            assert not both.sectors[parameters.antennas[antenna][0]].id.startswith("far-"), name

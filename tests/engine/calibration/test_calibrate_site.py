"""Readings fitted on made sites whose truth is known; layers on a site, and walls that never gain."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.blocking import link_model, public_links
from quietwing.coverage.calibration import calibrate_site
from quietwing.coverage.propagation import construction_loss_db, prepare_scene
from quietwing.sites import (
    CalibratedConstruction,
    CalibratedSector,
    Measurements,
    SiteCalibration,
    SiteError,
    calibration_text,
    load_constructions,
    load_site,
    read_calibration,
    save_geopackage,
    save_site,
    trial_points,
)


@pytest.fixture(scope="module")
def made():
    return module_at("tests/engine/calibration/made_surveys.py")


@pytest.fixture(scope="module")
def fitted(made):
    """A made site, its truth and what was fitted; thirty of them are in ``benchmarks/survey_sites.py``."""
    found = []
    for number in (4,):
        truth = made.made_truth(number)
        found.append((truth, calibrate_site(truth.site, made.survey(truth, number))))
    return found


@pytest.mark.slow
def test_the_truth_lies_within_two_sigma_of_what_is_fitted(fitted, made):
    z = np.array([score for truth, fit in fitted for score in made.z_scores(truth, fit)])
    assert len(z) > 30
    assert np.mean(np.abs(z) <= 2) >= 0.9


@pytest.mark.slow
def test_rooms_and_sectors_held_out_are_predicted_better_than_without(fitted):
    for _, fit in fitted:
        assert {one.left_out for one in fit.held_out} == {"room", "sector"}
        for one in fit.held_out:
            assert one.after_db < one.before_db
        rooms = next(one for one in fit.held_out if one.left_out == "room")
        assert rooms.after_db == pytest.approx(5.0, abs=1.0)  # local errors of 4 dB and readings of 3 dB


@pytest.mark.slow
def test_readings_leave_less_doubt_and_no_wall_that_gains(fitted):
    for truth, fit in fitted:
        shifted = replace(truth.site, calibration=fit.layer).constructions
        for one in fit.shifts:
            assert one.sigma_db < one.prior_sigma_db
        for one in fit.layer.constructions:
            assert construction_loss_db(shifted[one.name], [1.0, 0.5], [800.0, 3500.0]).min() >= 0
            assert one.sigma_db <= truth.site.constructions[one.name].sigma_db


def test_a_wall_that_is_shifted_by_more_than_it_loses_loses_nothing():
    wall = replace(load_constructions()["brick_102"], loss_shift_db=-60.0)
    assert construction_loss_db(wall, [1.0, 0.3], [800.0, 3500.0]) == pytest.approx(0)
    more = replace(load_constructions()["brick_102"], loss_shift_db=4.0)
    bare_db = construction_loss_db(load_constructions()["brick_102"], [1.0], [800.0])
    assert construction_loss_db(more, [1.0], [800.0]) == pytest.approx(bare_db + 4)


def layer_of(site, **sector) -> SiteCalibration:
    values = {"shift_db": 5.0, "sigma_db": 2.0, "clear": False, "read": True} | sector
    one = CalibratedSector(site.sectors[0].id, **values)
    return SiteCalibration(
        date(2026, 11, 20), 12, "walk.csv", (CalibratedConstruction("brick_215", 2.0, 1.5),), (one,)
    )


def test_a_layer_moves_its_sector_by_its_shift_and_no_other(made):
    site = made.made_site(4)
    layered = replace(site, calibration=replace(layer_of(site), constructions=()))
    points = trial_points(site)
    before, after = (public_links(link_model(prepare_scene(one), one.sectors), points) for one in (site, layered))
    np.testing.assert_allclose(after.nlos_dbm[0] - before.nlos_dbm[0], 5.0, atol=1e-3)
    np.testing.assert_array_equal(after.nlos_dbm[1:], before.nlos_dbm[1:])
    assert after.fixed_los[0] == 0
    assert after.sigma_db[0].max() == pytest.approx(3.0)  # readings of a day share their instrument
    assert before.sigma_db[0].max() == pytest.approx(8.0)


def test_a_layer_in_the_folder_is_read_and_written_and_leaves_the_files_as_they_are(made, tmp_path):
    site = made.made_site(4)
    save_site(site, tmp_path / "bare")
    bare = load_site(tmp_path / "bare")
    layered = replace(bare, calibration=layer_of(bare))
    save_site(layered, tmp_path / "layered")
    assert load_site(tmp_path / "layered") == layered
    save_geopackage(layered, tmp_path / "layered.gpkg")
    assert load_site(tmp_path / "layered.gpkg").calibration == layered.calibration
    for name in ("masts.csv", "site.toml"):
        assert (tmp_path / "bare" / name).read_bytes() == (tmp_path / "layered" / name).read_bytes()
    assert load_site(tmp_path / "layered").constructions["brick_215"].loss_shift_db == 2.0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'name = "brick_215"',
            'name = "brick_216"',
            "calibration.toml: constructions brick_216: is not on this site",
        ),
        ("format = 1", "format = 2", "format is not 1"),
        ("sigma_db = 1.5", "sigma_db = nan", "sigma_db"),
        ("shift_db = 5.0", "shift_db = 500.0", "shift_db is 500"),
    ],
)
def test_what_is_wrong_with_a_layer_is_said(made, tmp_path, old, new, told):
    site = made.made_site(4)
    path = tmp_path / "calibration.toml"
    path.write_text(calibration_text(layer_of(site)).replace(old, new), "utf-8")
    with pytest.raises(SiteError, match=told):
        read_calibration(path, site.constructions, [one.id for one in site.sectors])


def test_readings_of_no_mast_are_refused(made):
    site = made.made_site(4)
    with pytest.raises(SiteError, match="no reading"):
        calibrate_site(site, Measurements("walk.csv", ()))

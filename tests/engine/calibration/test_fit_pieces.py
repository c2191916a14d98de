"""Pieces of a calibration on one or two parameters, where the arithmetic fits on a line."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.coverage.blocking import link_model
from quietwing.coverage.calibration import fit
from quietwing.coverage.calibration.heard_antennas import SURE, _taken_for, _weights
from quietwing.coverage.calibration.next_readings import next_readings
from quietwing.coverage.calibration.survey_rows import Parameters, Rows, parameters_of, survey_rows
from quietwing.coverage.calibration.surveyed_site import SurveyedSite
from quietwing.coverage.errors import SiteError
from quietwing.coverage.gaussian_fit import Block, Prior, posterior, told_by
from quietwing.coverage.propagation import portal_graph, prepare_scene
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.sites import (
    Measurements,
    Reading,
    Sector,
    SiteCalibration,
    trial_points,
)
from quietwing.sites.networks import typical_sectors

RULES = load_rules()
DAY = dt.date(2026, 11, 20)
ONE_ANTENNA = Parameters((), 1, ((0,),), np.zeros(1, np.intp), ("m1",))


def rows(residual_db, place=None, antenna=None, antennas=1, level_dbm=-80.0) -> Rows:
    """One reading a row of an antenna each, all of LTE, no wall between."""
    residual = np.array(residual_db, float)
    count = len(residual)
    of = np.zeros(count, np.intp) if antenna is None else np.array(antenna, np.intp)
    design = np.zeros((count, antennas))
    design[np.arange(count), of] = 1.0
    return Rows(
        design=design,
        residual_db=residual,
        count=np.ones(count, np.int64),
        antenna=of,
        place=np.arange(count) if place is None else np.array(place, np.intp),
        room=np.arange(count),
        band=np.zeros(count, np.intp),
        source=of.astype(np.int64),
        channel=tuple(f"O{number}/B20/LTE" for number in of),
        rsrp_dbm=np.full(count, level_dbm),
        rival_db=np.repeat(residual[:, None], antennas, axis=1),
        clear={},
        left_out=0,
    )


def prior(sigma_db: float, antennas: int = 1) -> Prior:
    return Prior(np.zeros(antennas), sigma_db**2 * np.eye(antennas), np.full(antennas, -np.inf))


def test_a_rooms_reading_is_weighed_against_the_doubt_of_its_mast():
    """8 dB of mast against 4 dB of place and 3 of reading: 64 / (64 + 25) of what was read."""
    known, used = fit._known(prior(8.0), rows([10.0]), RULES.errors, {"LTE": -np.inf})
    assert RULES.errors.local_db == 4
    assert known.mean[0] == pytest.approx(10 * 64 / 89)
    assert known.sigma[0] == pytest.approx((1 / 64 + 1 / 25) ** -0.5)
    assert used.tolist() == [True]


def test_readings_at_the_floor_that_came_out_strong_do_not_pull():
    """Three at −80 dBm as the model says, one 20 dB above what it says, where nothing below −110 dBm can be read."""
    survey = rows([0.0, 0.0, 0.0, 20.0])
    survey = replace(survey, rsrp_dbm=np.array([-80.0, -80.0, -80.0, -109.0]))
    known, used = fit._known(prior(8.0), survey, RULES.errors, {"LTE": -110.0})
    assert used.tolist() == [True, True, True, False]
    assert known.mean[0] == pytest.approx(0.0, abs=1e-9)
    pulled, _ = fit._known(prior(8.0), survey, RULES.errors, {"LTE": -np.inf})
    assert pulled.mean[0] == pytest.approx(20 * 64 / (4 * 64 + 25))  # one of four, of 25 dB² each


def readings(*pairs) -> Measurements:
    return Measurements("w.csv", tuple(Reading(channel, 0.0, 0.0, 1.5, level, DAY) for channel, level in pairs))


@pytest.mark.parametrize(
    ("technology", "weakest_dbm", "floor_dbm"),
    [
        ("LTE", -118.0, -118.0),
        ("LTE", -117.9, -np.inf),  # a scanner reads lower than that: nothing was missed
        ("NR", -125.0, -125.0),
        ("GSM", -105.0, -105.0),
        ("UMTS", -110.0, -np.inf),
    ],
)
def test_the_floor_of_a_survey_is_its_weakest_level_where_that_is_as_low_as_can_be_read(
    technology, weakest_dbm, floor_dbm
):
    survey = readings((f"EE/B20/{technology}", -70.0), (f"VF/B8/{technology}", weakest_dbm))
    assert fit._floor_dbm(survey) == {technology: floor_dbm}


def test_a_room_is_predicted_from_the_others_and_an_antenna_from_what_it_shares():
    """Two rooms of one mast at +6 dB: each is predicted by 64/89 of the other, and misses by 25/89 of 6 dB."""
    survey = rows([6.0, 6.0])
    (room,) = fit._left_out(
        survey, survey.residual_db, prior(8.0), RULES, np.array([True])
    )  # of one antenna none can be held out
    assert (room.left_out, room.groups, room.before_db) == ("room", 2, 6.0)
    assert room.after_db == pytest.approx(6 * 25 / 89)
    two = rows([6.0, 6.0], antenna=[0, 1], antennas=2)
    by_room, by_sector = fit._left_out(two, two.residual_db, prior(8.0, 2), RULES, np.array([True, True]))
    assert by_room.after_db == by_sector.after_db == pytest.approx(6.0)  # masts that share nothing tell nothing


def test_a_parameter_is_learned_of_only_where_doubt_falls_by_more_than_it_is_widened():
    known, _ = fit._known(prior(8.0), rows([0.0]), RULES.errors, {"LTE": -np.inf})
    assert fit.WIDENED * known.sigma[0] == pytest.approx(1.3 * 40 / 89**0.5)  # 5.51 of 8 dB
    assert fit._learned(prior(8.0), known).tolist() == [True]
    weak, _ = fit._known(prior(1.0), rows([0.0]), RULES.errors, {"LTE": -np.inf})
    assert weak.sigma[0] == pytest.approx((25 / 26) ** 0.5)
    assert fit._learned(prior(1.0), weak).tolist() == [False]  # 1.3 · 0.98 > 1


def test_a_step_that_overshoots_is_halved_until_it_explains_the_readings_better():
    """10 dB more are read; a wall's shift of x brings x², so that its slope of 1 at the start asks for ten of it."""
    survey = rows([10.0])

    def there(shifts_db):
        return replace(survey, residual_db=10.0 - shifts_db**2)

    asked = SimpleNamespace(rules=RULES, rows=there)
    used = np.array([True])
    shifts_db, found = SurveyedSite.likelier(asked, prior(8.0), survey, used, np.zeros(1), np.array([10.0]))
    assert shifts_db.tolist() == [2.5]  # 10 and 5 miss by 90 and 15 dB
    assert found.residual_db.tolist() == [3.75]
    assert SurveyedSite.likelier(asked, prior(8.0), survey, used, np.zeros(1), np.array([80.0])) is None


def asked_of(survey: Rows, parameters: Parameters) -> SimpleNamespace:
    """A site whose mast brings what is read at no shift at all, whatever its slopes say."""
    made = SimpleNamespace(rules=RULES, parameters=parameters, measured=readings(("EE/B20/LTE", -80.0)))
    made.rows = lambda shifts_db: replace(survey, residual_db=survey.residual_db + 100 * np.abs(shifts_db))
    made.with_slopes = lambda rows, _: rows
    made.likelier = lambda *among: SurveyedSite.likelier(made, *among)
    return made


def test_a_step_that_explains_readings_no_better_is_not_taken_but_is_doubt_and_told():
    """10 dB that 8 dB of doubt would take 7.2 dB of, were there a shift that brings them."""
    known, _, _, _, notes = fit._fitted(
        asked_of(rows([10.0]), ONE_ANTENNA), prior(8.0), rows([10.0]), np.array([True]), None
    )
    wanted_db, doubt_db = 10 * 64 / 89, 40 / 89**0.5
    assert known.mean.tolist() == [0.0]
    assert known.sigma[0] == pytest.approx(np.hypot(wanted_db, doubt_db))
    assert notes == (
        "the fit did not settle: readings ask for a further +7.2 dB of m1, which explains them no better; the doubt "
        "left holds it (±8.3 dB)",
    )
    known, _, _, _, notes = fit._fitted(
        asked_of(rows([1.0]), ONE_ANTENNA), prior(8.0), rows([1.0]), np.array([True]), None
    )
    assert known.sigma[0] == pytest.approx(np.hypot(wanted_db / 10, doubt_db))
    assert notes == ()  # within what is in doubt anyway


def test_what_a_wall_has_at_one_band_moves_the_channels_of_that_band_alone(hut):
    sectors = typical_sectors("urban", (3.0, 2.0))
    site = hut(sectors=sectors)
    model = link_model(prepare_scene(site), site.sectors)
    parameters = parameters_of(model)
    places = [(x, y, z) for x, y, z in trial_points(site).xyz_m.tolist()[:3]]
    measured = Measurements(
        "w.csv", tuple(Reading(channel, *place, -80.0, DAY) for channel in site.channels for place in places)
    )
    bands_mhz = tuple(
        (one.freq_mhz, band) for one, band in zip(model.carriers, model.carrier_band.tolist(), strict=True)
    )
    layer = SiteCalibration(DAY, 1, "w.csv", (), ())
    asked = SurveyedSite(portal_graph(model.scene), RULES, parameters, measured, {}, layer, bands_mhz)
    names, bands = len(parameters.constructions), parameters.bands
    nothing = asked.rows(np.zeros(len(parameters)))
    assert np.array_equal(nothing.residual_db, survey_rows(model, parameters, measured).residual_db)

    def changed(at):
        return (
            asked.rows(np.where(np.isin(np.arange(len(parameters)), at), 6.0, 0.0)).residual_db - nothing.residual_db
        )

    everywhere = changed(np.arange(names))
    band = int(nothing.band[np.abs(everywhere).argmax()])
    of_band = changed(names + np.arange(names) * bands + band)
    here = nothing.band == band
    assert (of_band[here] > 0.5).any()
    assert not here.all()
    assert np.abs(of_band[~here]).max() == 0
    assert of_band[here] == pytest.approx(everywhere[here], abs=0.5)  # a way is chosen at fixed frequencies
    # What is shifted is the calibrated site's own, wherever it is taken along, and the first site's are as they were.
    before = dict(site.constructions)
    calibrated = asked._shifted(np.full(len(parameters), 6.0))
    assert dict(site.constructions) == before == dict(replace(site).constructions)
    assert calibrated.constructions == replace(calibrated, name="copy").constructions != before


def test_the_two_rivals_of_a_channel_are_weighed_as_a_coin_when_nothing_tells_them_apart():
    weight = _weights(np.array([5.0, 5.0]), np.zeros(2), np.full(2, 8.0), RULES.errors)
    assert weight.tolist() == pytest.approx([0.5, 0.5])


def test_a_rival_that_would_have_to_be_four_sigmas_stronger_was_not_heard():
    spread = float(np.hypot(8.0, RULES.errors.local_db))
    weight = _weights(np.array([0.0, 4 * spread]), np.zeros(2), np.full(2, 8.0), RULES.errors)
    # φ(0)·Φ(4) against φ(4)·Φ(0): e⁸ to one half
    assert weight[0] / weight[1] == pytest.approx(np.exp(8.0) * 0.99997 / 0.5, rel=1e-3)
    assert weight[0] > SURE


def test_rows_taken_for_another_antenna_have_its_residual_and_its_column():
    parameters = Parameters((), 1, ((0,), (1,)), np.arange(2), ("m1", "m2"))
    survey = rows([6.0, 6.0], antenna=[0, 0], antennas=2)
    survey = replace(survey, rival_db=np.array([[6.0, -1.0], [6.0, -2.0]]), channel=("EE/B20/LTE", "EE/B3/LTE"))
    told = _taken_for(parameters, survey, {"EE/B20/LTE": 1, "EE/B3/LTE": -1})
    assert told.antenna.tolist() == [1, 0]  # of the second nobody is sure: it stays
    assert told.residual_db.tolist() == [-1, 6]
    assert told.design.tolist() == [[0, 1], [1, 0]]
    assert survey.antenna.tolist() == [0, 0]


def test_without_a_mast_or_a_reading_there_is_nothing_to_fit_or_to_propose(hut):
    with pytest.raises(SiteError, match=r"masts\.csv: no mast is given"):
        fit.calibrate_site(hut(), readings(("EE/B20/LTE", -80.0)))
    with pytest.raises(SiteError, match=r"masts\.csv: no mast is given"):
        next_readings(hut(), Scenario(worlds=100))


def test_a_block_taken_out_again_leaves_what_the_others_say():
    rng = np.random.default_rng(1)
    blocks = [Block(rng.normal(size=(4, 3)), rng.normal(size=4), np.eye(4) + 0.5) for _ in range(5)]
    before = Prior(np.array([1.0, -2.0, 0.5]), np.diag([4.0, 9.0, 1.0]), np.full(3, -np.inf))
    some = posterior(before, told_by(blocks, 3).without(told_by(blocks[1:2], 3)))
    others = posterior(before, [*blocks[:1], *blocks[2:]])
    np.testing.assert_allclose(some.mean, others.mean, rtol=1e-9)
    np.testing.assert_allclose(some.covariance, others.covariance, rtol=1e-9)


def test_one_reading_of_a_mast_known_to_8_db_moves_it_by_its_share():
    # 64 / (64 + 25) of 10 dB from a prior mean of 2 dB: 2 + 8 · 0.719 = 7.75
    one = [Block(np.ones((1, 1)), np.array([10.0]), np.array([[25.0]]))]
    found = posterior(Prior(np.array([2.0]), np.array([[64.0]]), np.array([-np.inf])), one)
    assert found.mean[0] == pytest.approx(2 + 8 * 64 / 89)
    assert found.sigma[0] == pytest.approx((1 / 64 + 1 / 25) ** -0.5)


def test_a_fit_tells_how_far_it_is(hut):
    mast = Sector("m1", "EE", "234-30", "B20", "LTE", 796.0, 10.0, 300.0, 0.0, 25.0, 270.0, 4.0, "omni", 60.0, "UMa")
    told = []
    measured = Measurements("w.csv", (Reading("EE/B20/LTE", 3.0, 2.0, 1.5, -70.0, dt.date(2026, 11, 20)),))
    fit.calibrate_site(
        hut(sectors=(mast,)), measured, held_out=False, progress=lambda what, share: told.append((what, share))
    )
    shares = [share for _, share in told]
    assert told[0] == ("fitting walls and masts, step 1", pytest.approx(0.1))
    assert shares == sorted(shares)
    assert shares[-1] < 1


def test_readings_of_no_mast_of_the_site_are_refused_and_not_fitted(hut):
    """A mast 10 km away with 0 dBm is read at −20 dBm in every place: no calibration says that."""
    mast = Sector("m1", "EE", "234-30", "B20", "LTE", 796.0, 10.0, 10_000.0, 0.0, 25.0, 0.0, 4.0, "omni", 60.0, "UMa")
    measured = Measurements("w.csv", tuple(Reading("EE/B20/LTE", x, 2.0, 1.5, -20.0, DAY) for x in (2.0, 8.0, 60.0)))
    with pytest.raises(SiteError, match=r"^w\.csv: readings would shift m1 by \d+ dB \(at most 58\); check rsrp_dbm"):
        fit.calibrate_site(hut(sectors=(mast,)), measured, held_out=False)


def test_a_layer_that_predicts_what_is_held_out_no_better_says_so():
    better, worse = fit.HeldOut("room", 9, 6.0, 5.0), fit.HeldOut("sector", 4, 5.0, 5.2)
    (told,) = fit._warnings((better, worse))
    assert "each sector held out is predicted no better" in told
    assert "5.0 dB before, 5.2 dB after" in told
    assert "do not use this layer" in told

"""Azimuths nobody knows, found back from readings made with a known one."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking.azimuth_fit import calibrated_masts
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.portal_graphs import portal_graph
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate, leakage
from quietwing.sites import SiteError
from quietwing.sites.antenna_files import parse_msi
from quietwing.sites.model import OutsideLevel, Sector
from quietwing.sites.points import scattered
from quietwing.sites.trial_point_sets import trial_points

# Round a mast 400 m north of the hut: bearings from it 180°, 143°, 217°, 108° and 252°.
ROUND = ((2.5, -40.0, 1.5), (302.5, 0.0, 1.5), (-297.5, 0.0, 1.5), (452.5, 250.0, 1.5), (-447.5, 250.0, 1.5))


def mast(name: str = "m1", azimuth_deg: float | None = None, **changes) -> Sector:
    row = {
        "id": name, "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 798.5,
        "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": 400.0, "height_m": 25.0, "azimuth_deg": azimuth_deg, "tilt_deg": 4.0,
        "pattern": "sector_65", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def readings(
    site, sectors, places=ROUND, *, clear=True, offset_db=-4.0, noise_db=None, digits=1
) -> tuple[OutsideLevel, ...]:
    """What would be read: the strongest sector of the one channel, moved by an offset, to a tenth of a decibel."""
    gain = mast_model(prepare_scene(site), sectors).gain(scattered(np.array(places), "measured"))
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in sectors])[:, None]
    level_dbm = (eirp_dbm + (gain.los_db if clear else gain.nlos_db)).max(axis=0) + offset_db
    level_dbm = level_dbm + (0 if noise_db is None else noise_db)
    day = dt.date(2026, 11, 1)
    return tuple(
        OutsideLevel(sectors[0].channel, *place, round(float(dbm), digits), day)
        for place, dbm in zip(places, level_dbm, strict=True)
    )


def off_deg(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def forgotten(sectors):
    return tuple(replace(sector, azimuth_deg=None) for sector in sectors)


@pytest.mark.parametrize("azimuth_deg", [70, 95, 150, 180, 233, 290])
@pytest.mark.parametrize("clear", [True, False])
def test_a_known_azimuth_is_found_back_from_five_readings(hut, azimuth_deg, clear):
    true = (mast(azimuth_deg=float(azimuth_deg)),)
    levels = readings(hut(), true, clear=clear)
    model, found = calibrated_masts(prepare_scene(hut()), forgotten(true), levels, 0.95)
    assert off_deg(model.sectors[0].azimuth_deg, azimuth_deg) <= 2
    assert found.measured.tolist() == [True]
    offset_db = found.los_offset_db if clear else found.nlos_offset_db
    assert offset_db[0] == pytest.approx(-4, abs=0.5)
    assert found.notes[0].startswith(
        f"azimuth of m1 was not known: {model.sectors[0].azimuth_deg:.0f}° fitted from 5 readings of EE/B20/LTE, "
        f"residual 0.0 dB"
    )


def test_three_readings_are_enough(hut):
    true = (mast(azimuth_deg=160.0),)
    model, _ = calibrated_masts(prepare_scene(hut()), forgotten(true), readings(hut(), true, ROUND[:3]), 0.95)
    assert off_deg(model.sectors[0].azimuth_deg, 160) <= 2


def test_readings_that_scatter_leave_a_residual_and_the_azimuth_near(hut):
    true, noise_db = (mast(azimuth_deg=200.0),), np.array([1.5, -1.0, 0.5, -2.0, 1.0])
    model, found = calibrated_masts(
        prepare_scene(hut()), forgotten(true), readings(hut(), true, noise_db=noise_db), 0.95
    )
    assert off_deg(model.sectors[0].azimuth_deg, 200) <= 15
    residual_db = float(found.notes[0].split("residual ")[1].split(" dB")[0])
    assert 0 < residual_db <= np.std(noise_db) + 0.1


def test_of_equal_azimuths_the_smallest_is_taken(hut):
    """All five readings at the floor behind the antenna: from 355° over north to 5° there is nothing to choose."""
    found = []
    for azimuth_deg in (357.0, 3.0):
        levels = readings(hut(), (mast(azimuth_deg=azimuth_deg),), digits=5)
        found.append(calibrated_masts(prepare_scene(hut()), (mast(),), levels, 0.95))
    assert [model.sectors[0].azimuth_deg for model, _ in found] == [0, 0]
    assert found[0][1].notes == found[1][1].notes


def test_readings_in_one_direction_do_not_tell_it(hut):
    line = ((2.5, -40.0, 1.5), (2.5, -100.0, 1.5), (2.5, -200.0, 1.5))
    with pytest.raises(SiteError, match=r"m1: .*the readings of EE/B20/LTE do not tell it .*measure at more places"):
        calibrated_masts(prepare_scene(hut()), (mast(),), readings(hut(), (mast(azimuth_deg=150.0),), line), 0.95)


def test_least_squares_means_that_no_other_whole_degree_leaves_less(hut):
    """The fit against a search written out here: each azimuth through the whole model, residuals about their mean."""
    site, noise_db = hut(), np.array([0.7, -1.1, 0.2, 0.9, -0.4])
    levels = readings(site, (mast(azimuth_deg=140.0),), noise_db=noise_db)
    model, _ = calibrated_masts(prepare_scene(site), (mast(),), levels, 0.95)
    left = {}
    for azimuth_deg in range(102, 190, 3):
        one = mast_model(prepare_scene(site), (mast(azimuth_deg=float(azimuth_deg)),))
        gain = one.gain(scattered(np.array(ROUND), "measured"))
        for state_db in (gain.los_db, gain.nlos_db):
            residual_db = np.array([level.rsrp_dbm for level in levels]) - state_db[0]
            left[azimuth_deg] = min(left.get(azimuth_deg, np.inf), float(np.var(residual_db)))
    assert off_deg(model.sectors[0].azimuth_deg, min(left, key=left.get)) <= 2


def test_two_unknown_sectors_of_one_channel_are_found_together(hut):
    true = (mast("m1", 150.0), mast("m2", 20.0, x_m=500.0, y_m=-300.0))
    places = (*ROUND[:3], (520.0, -100.0, 1.5), (600.0, -150.0, 1.5), (400.0, -150.0, 1.5), (520.0, -50.0, 1.5))
    levels = readings(hut(), true, places)
    model, found = calibrated_masts(prepare_scene(hut()), forgotten(true), levels, 0.95)
    for one, other in zip(model.sectors, true, strict=True):
        assert off_deg(one.azimuth_deg, other.azimuth_deg) <= 2
    assert [note.split(" was")[0] for note in found.notes[:2]] == ["azimuth of m1", "azimuth of m2"]


def test_beside_a_sector_that_is_known_only_the_other_is_fitted(hut):
    true = (mast("m1", 150.0), mast("m2", 20.0, x_m=500.0, y_m=-300.0))
    places = (*ROUND[:3], (520.0, -100.0, 1.5))
    levels = readings(hut(), true, places)
    model, _ = calibrated_masts(prepare_scene(hut()), (forgotten(true)[0], true[1]), levels, 0.95)
    assert off_deg(model.sectors[0].azimuth_deg, 150) <= 2
    assert model.sectors[1] == true[1]


def test_an_antenna_file_and_an_array_are_fitted_too(hut):
    across = [min(0.1 * a, 18) if a <= 180 else min(0.2 * (360 - a), 18) for a in range(360)]
    rows = "".join(f"{angle} {loss:.3f}\n" for angle, loss in enumerate(across))
    flat = "".join(f"{angle} 0\n" for angle in range(360))
    antenna = parse_msi(f"NAME x\nHORIZONTAL 360\n{rows}VERTICAL 360\n{flat}", "a.msi")
    site = hut(antenna_files=(("a.msi", antenna),))
    for pattern, changes in (
        ("file:a.msi", {}),
        ("array_64_ssb_8", {"band": "n78", "technology": "NR", "freq_mhz": 3500.0, "bandwidth_mhz": 40.0}),
    ):
        true = (mast(azimuth_deg=170.0, pattern=pattern, **changes),)
        model, _ = calibrated_masts(prepare_scene(site), forgotten(true), readings(site, true), 0.95)
        assert off_deg(model.sectors[0].azimuth_deg, 170) <= 2


def test_where_it_does_not_matter_nothing_is_fitted(hut):
    flat = (mast(pattern="omni"),)
    model, found = calibrated_masts(prepare_scene(hut()), flat, (), 0.95)
    assert model.sectors == flat
    assert found.notes == ()
    known = mast_model(prepare_scene(hut()), (mast(azimuth_deg=77.0, pattern="omni"),))
    here = scattered(np.array(ROUND), "measured")
    assert (model.gain(here).los_db == known.gain(here).los_db).all()


@pytest.mark.parametrize(
    ("count", "sectors", "says"),
    [
        (2, 1, r"masts.csv: m0: azimuth_deg is empty and EE/B20/LTE was measured at 2 places \(expected 3 or more"),
        (5, 2, r"masts.csv: m0, m1: .* at 5 places \(expected 6 or more.*give azimuth_deg in masts.csv, or measure"),
        (5, 3, r"masts.csv: m0, m1, m2: .*at most 2 unknown sectors of a channel"),
    ],
)
def test_with_too_few_readings_it_is_an_error_not_a_guess(hut, count, sectors, says):
    unknown = tuple(mast(f"m{number}") for number in range(sectors))
    levels = readings(hut(), (mast(azimuth_deg=180.0),), ROUND[:count])
    with pytest.raises(SiteError, match=says):
        calibrated_masts(prepare_scene(hut()), unknown, levels, 0.95)


def test_a_sector_that_was_read_nowhere_is_not_guessed(hut):
    true = (mast("m1", 150.0), mast("far", 20.0, x_m=2.5, y_m=3000.0))
    with pytest.raises(SiteError, match=r"far: .*do not tell it \(it is the strongest sector at 0 of them"):
        calibrated_masts(
            prepare_scene(hut()), (true[0], mast("far", x_m=2.5, y_m=3000.0)), readings(hut(), true), 0.95
        )


def test_turned_masts_are_those_of_a_model_made_with_the_azimuth(hut):
    site = hut()
    levels = readings(site, (mast(azimuth_deg=150.0),))
    turned, _ = calibrated_masts(prepare_scene(site), (mast(),), levels, 0.95)
    made = mast_model(prepare_scene(site), turned.sectors)
    points = trial_points(site)
    for state in ("los_db", "nlos_db"):
        assert (getattr(turned.gain(points), state) == getattr(made.gain(points), state)).all()
    assert (turned.scatter_los.inside_db == made.scatter_los.inside_db).all()


def test_treated_windows_do_not_turn_a_mast(hut):
    """Readings through a window, whose pane is another one once it is treated: the azimuth stays that of the site."""
    site = hut(
        sectors=(mast(),),
        openings=tuple(replace(one, construction="glass_6", state="sealed") for one in hut().openings),
    )
    places = (*ROUND, (2.5, 3.5, 1.5))
    site = replace(site, outside_levels=readings(site, (mast(azimuth_deg=150.0),), places))
    film = replace(site, openings=tuple(replace(one, construction="steel_cell_door") for one in site.openings))
    bare = link_model(prepare_scene(site), site.sectors)
    treated = link_model(prepare_scene(film), site.sectors, graph=bare.graph)
    assert treated.sectors == bare.sectors
    assert bare.sectors[0].azimuth_deg == pytest.approx(150, abs=2)


def test_maps_verdict_draft_and_plan_see_the_fitted_azimuth(hut):
    true = mast(azimuth_deg=150.0)
    levels = readings(hut(), (true,))
    known, unknown = (hut(sectors=(one,), outside_levels=levels) for one in (true, mast()))
    scenario = Scenario(worlds=100)
    found = leakage(unknown, scenario, maps=False)
    assert off_deg(found.sectors[0].azimuth_deg, 150) <= 2
    assert any(note.startswith("azimuth of m1 was not known: ") for note in found.notes)
    same = replace(known, sectors=found.sectors)
    assert found.at_points.equals(leakage(same, scenario, maps=False).at_points)
    verdict = evaluate(unknown, scenario, maps=False)
    assert verdict.sectors == found.sectors
    assert verdict.at_points.equals(evaluate(same, scenario, maps=False).at_points)
    # The planner's and the drag's models, with a site's own graph and without: the same levels to the last bit.
    graph = portal_graph(prepare_scene(unknown))
    points = trial_points(unknown)
    by_graph = public_links(link_model(prepare_scene(unknown), unknown.sectors, graph=graph), points)
    alone = public_links(link_model(prepare_scene(same), same.sectors), points)
    assert (by_graph.los_dbm == alone.los_dbm).all()
    assert (by_graph.nlos_dbm == alone.nlos_dbm).all()

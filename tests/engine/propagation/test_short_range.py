"""Short links outdoors: Rec. ITU-R P.1411 along streets, round a corner, over roofs, near the street."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.roof_screens import roof_screens_loss_db
from quietwing.coverage.propagation.short_range import (
    below_roofs_loss_db,
    near_street_loss_db,
    over_roofs_loss_db,
    street_corner_loss_db,
)

DATA = Path(__file__).parents[2] / "data"
ENVIRONMENTS = {
    "URBAN_HIGH_RISE": "urban_high_rise",
    "URBAN_LOW_RISE_OR_SUBURBAN": "urban_low_rise",
    "RESIDENTIAL": "residential",
}
NEIGHBOURHOODS = ("suburban", "urban", "dense_urban_high_rise")
TOWN = {"h1_m": 25, "h2_m": 1.5, "roof_m": 20, "rows_length_m": 900, "row_spacing_m": 30, "street_width_m": 15}

carriers = st.floats(800, 2000)
streets_m = st.floats(5, 40)


def rows_of(section: str) -> list[dict[str, str]]:
    lines = (DATA / "p1411_crc.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [row for row in rows if row["method"] == section]


def numbers(row: dict[str, str], *names: str) -> list[float]:
    return [float(row[name]) for name in names]


@pytest.mark.parametrize(("section", "model"), [("4.1.1", below_roofs_loss_db), ("4.2.1", over_roofs_loss_db)])
def test_site_general_losses_are_those_of_crc_canada_and_its_warnings_are_our_errors(section, model):
    rows = rows_of(section)
    assert {row["warn"] for row in rows} >= {"0", "2"}
    for row in rows:
        f_ghz, away_m, expected_db = numbers(row, "f_GHz", "d_m", "L_dB")
        link = (f_ghz * 1e3, away_m, ENVIRONMENTS[row["env"]], row["path"] == "LOS")
        if row["warn"] == "0":
            assert model(*link) == pytest.approx(expected_db, abs=1e-6)
        else:
            with pytest.raises(OutOfRangeError, match=r"(frequency|distance) .* holds for .*; correct it"):
                model(*link)


def test_losses_round_a_corner_are_those_of_crc_canada():
    for row in rows_of("4.1.3.1"):
        f_ghz, x1, x2, w1, w2, alpha = numbers(row, "f_GHz", "x1_m", "x2_m", "w1_m", "w2_m", "alpha_rad")
        loss_db = street_corner_loss_db(f_ghz * 1e3, x1, x2, w1, w2, np.degrees(alpha))
        assert loss_db == pytest.approx(float(row["L_dB"]), abs=1e-6)


def test_losses_over_rows_of_roofs_are_those_of_crc_canada():
    for row in rows_of("4.2.2.1"):
        f_ghz, *given_values = numbers(row, "f_GHz", "d_m", "h1_m", "h2_m", "hr_m", "l_m", "b_m", "w_m", "phi_deg")
        town = "metropolitan" if row["env"].startswith("METRO") else "medium_city_or_suburb"
        loss_db = roof_screens_loss_db(f_ghz * 1e3, *given_values, town)
        assert loss_db == pytest.approx(float(row["L_dB"]), abs=1e-6)


def test_losses_near_the_street_are_those_of_crc_canada():
    for row in rows_of("4.3.1"):
        f_ghz, away_m, percent, width_m = numbers(row, "f_GHz", "d_m", "p_percent", "w_m")
        loss_db = near_street_loss_db(f_ghz * 1e3, away_m, row["env"].lower(), percent / 100, width_m)
        assert loss_db == pytest.approx(float(row["L_dB"]), abs=1e-6)


def test_a_street_canyon_by_hand():
    # 21.2 lg 100 + 29.2 + 21.1 lg 2 = 42.4 + 29.2 + 6.352
    assert below_roofs_loss_db(2000, 100, "urban_low_rise", True) == pytest.approx(77.952, abs=0.001)


def test_a_canyon_with_sight_is_within_4_db_of_free_space():
    away_m = np.array([20.0, 100.0, 600.0])
    gap_db = below_roofs_loss_db(1800, away_m, "urban_high_rise", True) - free_space_loss_db(away_m, 1800)
    assert np.abs(gap_db).max() < 4


@given(f_mhz=carriers, x1=st.floats(1, 300), x2=st.floats(1, 300), w1=streets_m, w2=streets_m)
def test_round_a_corner_the_loss_is_the_same_both_ways(f_mhz, x1, x2, w1, w2):
    there_db = street_corner_loss_db(f_mhz, x1, x2, w1, w2)
    assert there_db == pytest.approx(street_corner_loss_db(f_mhz, x2, x1, w2, w1), abs=1e-9)


@given(f_mhz=carriers, x1=st.floats(20, 300), x2=st.floats(20, 300), width_m=streets_m)
def test_a_corner_costs_more_than_free_space_along_the_two_streets(f_mhz, x1, x2, width_m):
    assert street_corner_loss_db(f_mhz, x1, x2, width_m, width_m) > free_space_loss_db(x1 + x2, f_mhz) - 3.1


@given(
    neighbourhood=st.sampled_from(NEIGHBOURHOODS),
    f_mhz=st.floats(300, 3000),
    away_m=st.floats(1, 3000),
    shares=st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)),
)
def test_a_larger_share_of_places_never_has_less_loss(neighbourhood, f_mhz, away_m, shares):
    low_db, high_db = (near_street_loss_db(f_mhz, away_m, neighbourhood, share) for share in sorted(shares))
    assert low_db <= high_db + 1e-9


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_near_the_street_the_loss_has_no_step(share):
    away_m = np.linspace(1, 600, 60_000)
    loss_db = near_street_loss_db(1800, away_m, "urban", share)
    assert np.abs(np.diff(loss_db))[1000:].max() < 0.05


def test_suburban_streets_cost_6_8_db_less_than_urban_ones():
    far_db = [near_street_loss_db(1800, 1000, name) for name in ("suburban", "urban")]
    assert far_db[1] - far_db[0] == pytest.approx(6.8)


# ---- over rows of roofs


@given(
    f_mhz=st.floats(800, 26_000),
    away_m=st.floats(20, 5000),
    h1_m=st.floats(4, 55),
    roof_m=st.floats(4, 40),
    rows_m=st.floats(1, 5000),
    town=st.sampled_from(["medium_city_or_suburb", "metropolitan"]),
)
def test_over_roofs_is_never_better_than_free_space(f_mhz, away_m, h1_m, roof_m, rows_m, town):
    place = TOWN | {"h1_m": h1_m, "roof_m": roof_m, "rows_length_m": rows_m}
    loss_db = roof_screens_loss_db(f_mhz, away_m, **place, town=town)
    assert np.isfinite(loss_db)
    assert loss_db >= 32.4 + 20 * np.log10(away_m / 1e3) + 20 * np.log10(f_mhz) - 1e-9


def test_the_laws_for_many_and_for_few_rows_are_joined_without_a_step():
    joint_m = 5 * np.sqrt(900 / (2.998e8 / 1.8e9))  # lift of 5 m over the roofs
    either_side_m = joint_m * np.array([1 - 1e-7, 1 + 1e-7])
    before_db, after_db = roof_screens_loss_db(1800, either_side_m, **TOWN)
    assert before_db == pytest.approx(after_db, abs=1e-3)


def test_a_mast_at_the_height_of_the_roofs_has_a_loss():
    about_db = [roof_screens_loss_db(1800, 500, **(TOWN | {"h1_m": h1})) for h1 in (19.999, 20, 20.001)]
    assert np.isfinite(about_db).all()


def test_a_higher_mast_loses_less():
    masts_m = np.array([22.0, 25.0, 30.0, 40.0])
    assert (np.diff(roof_screens_loss_db(900, 1000, **(TOWN | {"h1_m": masts_m}))) < 0).all()


def test_a_street_along_the_path_costs_less_than_one_across():
    along_db, across_db = roof_screens_loss_db(900, 1000, **TOWN, street_angle_deg=[0, 90])
    assert across_db - along_db == pytest.approx(10 + 4 - 0.114 * 35)


@pytest.mark.parametrize(
    "call",
    [
        lambda: below_roofs_loss_db(799, 100, "urban_high_rise", True),
        lambda: below_roofs_loss_db(1800, 661, "urban_high_rise", True),
        lambda: below_roofs_loss_db(1800, 100, "residential", True),
        lambda: below_roofs_loss_db(1800, 100, "urban_low_rise", False),
        lambda: below_roofs_loss_db(1800, np.nan, "urban_high_rise", True),
        lambda: over_roofs_loss_db(2100, 300, "urban_high_rise", True),
        lambda: over_roofs_loss_db(3500, 300, "residential", False),
        lambda: over_roofs_loss_db(3500, 259, "urban_high_rise", False),
        lambda: street_corner_loss_db(2001, 50, 50, 15, 15),
        lambda: street_corner_loss_db(1800, 0, 50, 15, 15),
        lambda: street_corner_loss_db(1800, 50, 50, 15, 0),
        lambda: street_corner_loss_db(1800, 50, 50, 15, 15, 30),
        lambda: street_corner_loss_db(1800, 50, 50, 15, 15, 180),
        lambda: near_street_loss_db(3001, 50, "urban"),
        lambda: near_street_loss_db(1800, 0, "urban"),
        lambda: near_street_loss_db(1800, 3001, "urban"),
        lambda: near_street_loss_db(1800, 50, "urban", 50),
        lambda: near_street_loss_db(1800, 50, "urban", 0.5, 0),
        lambda: near_street_loss_db(1800, 50, "village"),
        lambda: roof_screens_loss_db(799, 500, **TOWN),
        lambda: roof_screens_loss_db(1800, 19, **TOWN),
        lambda: roof_screens_loss_db(1800, 500, **(TOWN | {"h1_m": 56})),
        lambda: roof_screens_loss_db(1800, 500, **(TOWN | {"h2_m": 0.9})),
        lambda: roof_screens_loss_db(1800, 500, **(TOWN | {"roof_m": 1.5})),
        lambda: roof_screens_loss_db(1800, 500, **TOWN, street_angle_deg=91),
        lambda: roof_screens_loss_db(1800, 500, **TOWN, town="village"),
    ],
)
def test_outside_the_range_of_p1411_raises(call):
    with pytest.raises(OutOfRangeError, match=r"; (correct|choose)"):
        call()


def test_range_ends_of_p1411_are_inside():
    assert np.isfinite(below_roofs_loss_db([800, 82_000], [5, 660], "urban_high_rise", True)).all()
    assert np.isfinite(over_roofs_loss_db([2200, 66_500], [260, 1200], "urban_high_rise", False)).all()
    assert np.isfinite(near_street_loss_db([300, 3000], 3000, "urban")).all()
    assert_allclose(roof_screens_loss_db([800, 26_000], [20, 5000], **TOWN).shape, (2,))

"""``calibration.toml``: a layer that comes back as it went out, and every way it can be wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from quietwing.sites.constructions import load_constructions
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings
from quietwing.sites.site_calibration import (
    CalibratedConstruction,
    CalibratedSector,
    SiteCalibration,
    calibration_text,
    parse_calibration,
    read_calibration,
    shifted,
)

LAYER = SiteCalibration(
    dt.date(2026, 11, 20),
    42,
    'walk "one".csv',
    (CalibratedConstruction("brick_215", 3.125, 2.0), CalibratedConstruction("glass_6", -1.5, 3.0)),
    (CalibratedSector("m1", -6.0, 3.5, True, True), CalibratedSector("m2", 0.0, 8.0)),
)
HEAD = 'format = 1\nas_of = 2026-11-20\nreadings = 42\nsource = "w.csv"\n'
WALL = '[[constructions]]\nname = "brick_215"\nshift_db = 1.0\nsigma_db = 2.0\n'
MAST = '[[sectors]]\nid = "m1"\nshift_db = 1.0\nsigma_db = 2.0\n'


def problems_of(text: str) -> str:
    findings = Findings()
    assert parse_calibration(text, findings) is None
    return "\n".join(findings.problems)


def test_a_layer_comes_back_from_its_text_and_its_text_from_the_layer():
    text = calibration_text(LAYER)
    again = parse_calibration(text, Findings())
    assert again == LAYER
    assert calibration_text(again) == text
    assert "clear" not in text.split('id = "m2"')[1]  # nobody knows whether that mast is in sight: no key at all


def test_decibels_have_three_decimals_and_no_zero_is_negative():
    small = (CalibratedConstruction("a", -0.0004, 1.23456), CalibratedConstruction("b", 2 / 3, 3.0))
    text = calibration_text(replace(LAYER, constructions=small, sectors=()))
    assert "shift_db = 0.0\nsigma_db = 1.235\n" in text
    assert "shift_db = 0.667\n" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("as_of = 2026-11-20\n", "format is not 1"),
        (HEAD.replace("format = 1", "format = 2"), "format is not 1"),
        (HEAD.replace("readings = 42", "readings = 0"), "readings is 0"),
        (HEAD.replace("readings = 42\n", ""), "readings is missing"),
        (HEAD.replace("2026-11-20", '"20.11.2026"'), "write year-month-day"),
        (HEAD + "sigma = 3\n", "unknown key 'sigma'"),
        (HEAD + "constructions = 3\n", "constructions: is 3 (expected a list of tables); write [[constructions]]"),
        (HEAD + "[constructions]\nname = 'brick_215'\n", "expected a list of tables"),
        (HEAD + WALL + WALL, "constructions brick_215: stands twice"),
        (HEAD + MAST + MAST, "sectors m1: stands twice"),
        (HEAD + WALL.replace("1.0", "60.5"), "shift_db is 60.5"),
        (HEAD + WALL.replace("1.0", "nan"), "give a finite number"),
        (HEAD + WALL.replace("2.0", "-1"), "sigma_db is -1"),
        (HEAD + WALL.replace("sigma_db", "sigma"), "did you mean 'sigma_db'?"),
        (HEAD + MAST + "clear = 'perhaps'\n", "clear is 'perhaps'"),
        (HEAD + MAST.replace('id = "m1"\n', ""), "sectors #1: id is missing"),
    ],
)
def test_what_is_wrong_with_a_layer_is_said(text, told):
    assert told in problems_of(text)


def test_sixty_decibels_either_way_are_allowed_and_all_problems_come_at_once():
    for shift in ("-60", "60"):
        assert parse_calibration(HEAD + WALL.replace("1.0", shift), Findings()) is not None
    told = problems_of(HEAD.replace("42", "0") + WALL.replace("1.0", "99") + MAST.replace("2.0", "-1"))
    assert told.count("\n") == 2


def test_a_layer_of_another_site_is_refused_by_what_this_one_lacks(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(calibration_text(LAYER), "utf-8")
    assert read_calibration(path, ["brick_215", "glass_6"], ["m1", "m2", "m3"]) == LAYER
    with pytest.raises(SiteError) as refused:
        read_calibration(path, ["brick_215", "glass_8"], ["m1"])
    told = str(refused.value)
    assert "c.toml: constructions glass_6: is not on this site; did you mean 'glass_8'?" in told
    assert "c.toml: sectors m2: is not on this site" in told
    assert "brick_215" not in told.replace("'brick_215'", "")
    with pytest.raises(SiteError, match=r"none\.toml"):
        read_calibration(tmp_path / "none.toml", [], [])
    path.write_text("format = ", "utf-8")
    with pytest.raises(SiteError, match=r"c\.toml: .*TOML"):
        read_calibration(path, [], [])


def test_shifts_add_up_and_what_is_open_has_no_loss_to_shift():
    known = load_constructions()
    once = shifted(known, LAYER)
    assert (once["brick_215"].loss_shift_db, once["brick_215"].sigma_db) == (3.125, 2.0)
    twice = shifted(once, LAYER)
    assert twice["brick_215"].loss_shift_db == 6.25
    assert once["concrete_200"] is known["concrete_200"]
    assert known["brick_215"].loss_shift_db is None  # the library's own stay as they are
    opened = replace(LAYER, constructions=(CalibratedConstruction("open", 5.0, 1.0),))
    assert shifted(known, opened)["open"] == known["open"]
    assert shifted(known, None) is known


def test_the_note_counts_what_is_shifted():
    assert LAYER.note.startswith("calibrated by 42 readings up to 2026-11-20")
    assert LAYER.note.endswith("2 constructions and 2 sectors are shifted")

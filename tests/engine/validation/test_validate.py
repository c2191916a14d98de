"""``validate``: every known set compared, missing ones skipped, malformed files named by line, misses told."""

from __future__ import annotations

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import shapely
from by_path import module_at

from quietwing.coverage.validation import (
    KNOWN_SETS,
    TABLE_HEADER,
    ValidationSetError,
    failures,
    results_object,
    results_table,
    validate,
)
from quietwing.coverage.validation.document import document
from quietwing.coverage.validation.flat import read_rooms, wall_pieces

KEYS = {"name", "rows", "bias_db", "rmse_db", "max_error_db", "tolerance_db", "passed", "skipped"}
NAMES = {known.folder for known in KNOWN_SETS} | {"rf-3gpp-38901/RMa"}

needs_data = pytest.mark.skipif(
    "QUIETWING_DATA" not in os.environ, reason="QUIETWING_DATA names no folder of data sets"
)
needs_itmlogic = pytest.mark.skipif(find_spec("itmlogic") is None, reason="itmlogic (extra terrain) is not installed")


def by_name(folder: Path) -> dict:
    return {result.name: result for result in validate(folder)}


def alone(sets: Path, name: str) -> dict:
    """Results where of all sets one is there."""
    for folder in sets.iterdir():
        if folder.name != name:
            shutil.rmtree(folder)
    return by_name(sets)


def replace_line(path: Path, line: int, text: str) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[line - 1] = text
    path.write_text("\n".join(lines), encoding="utf-8")


# ---- the data folder


@needs_data
def test_every_set_of_the_data_folder_passes_or_says_why_it_is_skipped():
    results = validate(os.environ["QUIETWING_DATA"])
    assert {result.name for result in results} >= NAMES
    assert failures(results) == ()
    for result in results:
        assert (result.passed is None) == (result.skipped is not None)


@needs_data
def test_the_measured_flat_beats_free_space_and_the_hall_follows_it():
    results = by_name(Path(os.environ["QUIETWING_DATA"]))
    flat, hall = results["rf-ble-flat-wut"], results["rf-ble-uji"]
    free_db = float(flat.note.split()[2])
    assert flat.rmse_db <= 5.2
    assert free_db - flat.rmse_db >= 0.7
    assert hall.rmse_db <= 3.2


@needs_data
def test_pieces_of_wall_are_those_shapely_cuts_out():
    root = Path(os.environ["QUIETWING_DATA"]) / "rf-ble-flat-wut"
    rooms = read_rooms(root)
    walls = shapely.difference(shapely.box(*rooms.polygon.bounds), rooms.polygon)
    rng = np.random.default_rng(7)
    low, high = np.array(rooms.polygon.bounds).reshape(2, 2)
    for _ in range(400):
        a, b = (np.append(rng.uniform(low, high), rng.uniform(0.5, 2.5)) for _ in range(2))
        cut = shapely.intersection(shapely.LineString([a[:2], b[:2]]), walls)
        expected = sum(part.length > 0.03 for part in getattr(cut, "geoms", [cut]))
        assert wall_pieces(rooms, a, b) == expected == wall_pieces(rooms, b, a)


@needs_data
@needs_itmlogic
def test_the_published_page_is_what_the_data_give():
    script = module_at("docs/make_validation.py")
    published, made = script.PAGE.read_text(encoding="utf-8"), script.make(Path(os.environ["QUIETWING_DATA"]))

    def compared_rows(page):
        return [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| ")]

    if compared_rows(published) != compared_rows(made):
        pytest.skip("QUIETWING_DATA holds other parts of the sets than the published page was made from")
    assert made == published


# ---- sets made here


def test_small_copies_and_worked_out_sets_pass(judged):
    assert failures(judged) == ()
    names = {result.name for result in judged if result.skipped is None}
    assert names >= NAMES - {"rf-ntia-itm", "rf-lora-siegen"}
    assert ("rf-ntia-itm" in names) == (find_spec("itmlogic") is not None)


def test_a_flat_that_obeys_the_model_has_no_error_left(sets):
    flat = alone(sets, "rf-ble-flat-wut")["rf-ble-flat-wut"]
    assert flat.max_error_db < 0.01
    assert float(flat.note.split()[2]) > 0.7


def test_a_hall_that_obeys_free_space_has_no_error_left_and_rare_links_do_not_count(sets):
    hall = alone(sets, "rf-ble-uji")["rf-ble-uji"]
    assert hall.rows == 9  # the fourth beacon is heard in 25 % of the samples
    assert hall.max_error_db < 1e-5


def test_a_hall_of_bookshelves_is_reported_and_not_judged(sets):
    from_hall = sets / "rf-ble-uji"
    for part, end in (("dep", ""), ("rss", "_crd"), ("rss", "_rss")):
        shutil.copy(from_hall / part / f"geo{end}.csv", from_hall / part / f"lib{end}.csv")
    library = alone(sets, "rf-ble-uji")["rf-ble-uji/lib"]
    assert library.passed is None
    assert "0.00 dB over 9 links" in library.skipped


def test_the_object_has_the_keys_promised_and_is_strict_json(judged):
    found = json.loads(json.dumps(results_object(judged), allow_nan=False))
    assert list(found) == ["sets"]
    assert all(set(one) == KEYS for one in found["sets"])


def test_the_table_has_a_row_for_each_set(judged):
    rows = results_table(judged)
    assert [row[0] for row in rows] == [result.name for result in judged]
    assert {len(row) for row in rows} == {len(TABLE_HEADER)}


def test_the_page_says_for_each_set_what_is_proved_and_what_is_not(judged):
    page = document(judged)
    assert page.count("**Proved.**") == page.count("**Not proved.**") == len(KNOWN_SETS) + 1  # ray tracing
    assert "No measured mast-to-façade set exists" in page


def test_in_an_empty_folder_all_is_skipped_but_what_needs_no_file(tmp_path):
    (tmp_path / "rf-of-tomorrow").mkdir()
    results = by_name(tmp_path)
    assert set(results) == {known.folder for known in KNOWN_SETS}
    floors = results.pop("cost231-floors")
    assert floors.passed
    assert all("no folder" in result.skipped for result in results.values())


def test_a_folder_without_its_file_is_skipped(tmp_path):
    for known in KNOWN_SETS:
        (tmp_path / known.folder).mkdir()
    for name, result in by_name(tmp_path).items():
        assert result.skipped or name == "cost231-floors"


# ---- misses


def test_a_wrong_reference_is_a_miss_with_its_size(sets):
    path = sets / "rf-crc-p1411/reference.csv"
    text = path.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("4.1.3.1"))
    *rest, loss, warn = row.split(",")
    path.write_text(text.replace(row, ",".join([*rest, f"{float(loss) + 0.5}", warn])), encoding="utf-8")
    (missed,) = failures(validate(sets))
    assert missed.name == "rf-crc-p1411"
    assert missed.passed is False
    assert missed.max_error_db == pytest.approx(0.5, abs=1e-6)


def test_a_row_with_a_warning_is_not_compared(sets):
    path = sets / "rf-crc-p1411/reference.csv"
    text = path.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("4.1.1") and line.endswith(",2"))
    path.write_text(text.replace(row, row.replace(row.split(",")[-2], "999")), encoding="utf-8")
    assert alone(sets, "rf-crc-p1411")["rf-crc-p1411"].passed


def test_a_valid_row_the_engine_refuses_is_a_miss_without_figures(sets):
    path = sets / "rf-crc-p2109/validation.csv"
    path.write_text(path.read_text(encoding="utf-8").rstrip() + "\n0.01,50,1,0,10\n", encoding="utf-8")
    missed = alone(sets, "rf-crc-p2109")["rf-crc-p2109"]
    assert missed.passed is False
    assert missed.max_error_db is None
    assert "1 values could not be computed" in missed.note


def test_an_error_row_of_p2108_that_is_accepted_is_a_miss(sets):
    path = sets / "rf-ntia-p2108/TerrestrialStatisticalModelTestData.csv"
    path.write_text(path.read_text(encoding="utf-8").rstrip() + "\n6,3,50,49,0\n", encoding="utf-8")
    missed = alone(sets, "rf-ntia-p2108")["rf-ntia-p2108"]
    assert missed.passed is False
    assert "line 17 should have been refused" in missed.note


def test_walls_that_are_not_there_are_a_miss(sets):
    open_plan = "x,y\n0,0\n8.1,0\n8.1,4\n0,4\n0,0\n"
    (sets / "rf-ble-flat-wut/layout.csv").write_text(open_plan, encoding="utf-8")
    missed = alone(sets, "rf-ble-flat-wut")["rf-ble-flat-wut"]
    assert missed.passed is False
    assert "free space must be beaten by 0.7 dB" in missed.note


def test_concrete_that_loses_more_than_wet_concrete_is_a_miss(sets):
    path = sets / "rf-measured-tables/concrete_nist_ir6055.csv"
    path.write_text("f_GHz,attenuation_dB_per_mm\n1,0.01\n", encoding="utf-8")
    missed = alone(sets, "rf-measured-tables")["rf-measured-tables"]
    assert missed.passed is False
    assert missed.max_error_db > 4


# ---- malformed files


BAD = [
    ("rf-crc-p2109/validation.csv", 100, "0.08,abc,1,0,3", r"line 100: probability \(%\): holds 'abc'"),
    ("rf-crc-p2109/validation.csv", 100, "0.08,,1,0,3", r"line 100: probability \(%\): holds nothing"),
    ("rf-crc-p2109/validation.csv", 100, "0.08,nan,1,0,3", "line 100: .*holds 'nan'"),
    ("rf-crc-p2109/validation.csv", 100, "0.08,1e400,1,0,3", "line 100: .*holds '1e400'"),
    ("rf-crc-p2109/validation.csv", 100, "0.08,1_0,1,0,3", "line 100: .*holds '1_0'"),
    ("rf-crc-p2109/validation.csv", 100, "0.08,5,1,0", "line 100: has 4 values"),
    ("rf-crc-p2109/validation.csv", 100, '0.08,"5,1,0,3', "line 100: is no CSV"),
    ("rf-crc-p2109/validation.csv", 100, "0.08,5\x00,1,0,3", "holds NUL bytes"),
    ("rf-3gpp-38901/pycraf_reference.csv", 3, "scenario,f_GHz", "line 3: has no column"),
    ("rf-3gpp-38901/pycraf_reference.csv", 3, "", "has no column"),
    ("rf-sionna-p2040/slab_reference.csv", 4, "wood,0,2,0.1,0.1,0,-1,-1,-1,-1", "line 4: f_GHz is not above 0"),
    ("rf-ntia-itm/pfls.csv", 4, "78,100,1,2,3", "line 4: has 5 values"),
    ("rf-ntia-itm/pfls.csv", 4, "", r"line 3: is the last of 1 profiles \(expected 2"),
    ("rf-ble-flat-wut/layout.csv", 4, "zero,0", "line 4: x: holds 'zero'"),
    ("rf-ble-flat-wut/layout.csv", 4, "9,9", "closes no outline"),
    ("rf-ble-flat-wut/calibration_df.csv", 9, "0,0.25,0.75,0,-50,loud,-50", "line 9: rssi_2: holds 'loud'"),
    ("rf-ble-uji/rss/geo_crd.csv", 2, "3,4,5", "line 2: has 3 values"),
    ("rf-ble-uji/rss/geo_crd.csv", 2, "", "geo_rss.csv: line 12: is the last of 12 rows"),
    ("rf-ble-uji/rss/geo_rss.csv", 5, "-60,-60,-60,quiet", "line 5: holds 'quiet'"),
    ("rf-ble-uji/dep/geo.csv", 5, "", "geo_rss.csv: line 1: has 4 values"),
]


@pytest.mark.parametrize(("name", "line", "text", "words"), BAD)
def test_a_malformed_file_is_named_with_its_line(sets, name, line, text, words):
    replace_line(sets / name, line, text)
    with pytest.raises(ValidationSetError, match=words) as error:
        alone(sets, name.split("/")[0])
    assert str(error.value).startswith((name, "rf-ble-uji/rss/geo_rss.csv"))
    assert len(str(error.value).splitlines()) == 1
    assert "; " in str(error.value)


def test_what_is_no_folder_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    for place in (file, tmp_path / "absent", "a\0b", tmp_path / ("n" * 300)):
        with pytest.raises(ValidationSetError, match="is not a folder; give"):
            validate(place)


def test_a_file_that_is_too_large_is_not_read(sets, monkeypatch):
    monkeypatch.setattr("quietwing.coverage.validation.reading.MOST_BYTES", 1000)
    with pytest.raises(ValidationSetError, match=r"bytes \(limit 1,000\)"):
        validate(sets)


def test_too_many_rows_are_not_read(sets, monkeypatch):
    monkeypatch.setattr("quietwing.coverage.validation.reading.MOST_ROWS", 100)
    with pytest.raises(ValidationSetError, match="is more than is read"):
        validate(sets)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipes_and_links_out_of_the_folder_are_not_read(sets, tmp_path):
    path = sets / "rf-crc-p2109/validation.csv"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValidationSetError, match="expected a regular file"):
        validate(sets)
    path.unlink()
    (tmp_path / "secret").write_text("frequency")
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(ValidationSetError, match="leads out"):
        validate(sets)


def test_control_characters_of_a_file_do_not_reach_the_terminal(sets):
    replace_line(sets / "rf-crc-p2109/validation.csv", 100, "0.08,\x1b[2J,1,0,3")
    with pytest.raises(ValidationSetError) as error:
        validate(sets)
    assert "\x1b" not in str(error.value)
